import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { ItemRef, Kind, RunState } from '../../src/runs/index.ts';
import { coveredBy, listRunnerType, searchAttributeNames, workflowTypeOf } from '../../src/runs/index.ts';

const stateKey = defineSearchAttributeKey(searchAttributeNames.state, 'KEYWORD');
const notApproved: readonly (RunState | undefined)[] = [undefined, 'planning', 'awaiting-approval'];

/**
 * Whether a run of `kind` is covered by the approval of the run that started it, itself or by a list. The server is asked, not
 * the run: the parent must be a run of a kind that covers this one, under way and approved.
 */
export async function isCovered(client: Client, kind: Kind, parent: ItemRef): Promise<boolean> {
  const types: readonly string[] = coveredBy(kind).map(workflowTypeOf);
  if (types.length === 0) return false;
  // The runner of a list may have continued as new since it started this one: by its id alone.
  const first = await describe(client, { workflowId: parent.workflowId });
  if (first.type !== listRunnerType) return isApproved(first, types);
  const { startedBy } = first;
  if (!startedBy || !parent.workflowId.startsWith(`${startedBy.workflowId}/list/`)) return false;
  return isApproved(await describe(client, startedBy), types);
}

type Seen = { type: string; open: boolean; state: RunState | undefined; startedBy?: ItemRef };

function isApproved({ type, open, state }: Seen, types: readonly string[]): boolean {
  return open && types.includes(type) && !notApproved.includes(state);
}

async function describe(client: Client, ref: { workflowId: string; runId?: string }): Promise<Seen> {
  const seen = await client.workflow.getHandle(ref.workflowId, ref.runId).describe();
  const { workflowId, runId } = seen.raw.workflowExecutionInfo?.parentExecution ?? {};
  return {
    type: seen.type,
    open: seen.status.name === 'RUNNING',
    state: seen.typedSearchAttributes.get(stateKey) as RunState | undefined,
    ...(workflowId && runId ? { startedBy: { workflowId, runId } } : {}),
  };
}
