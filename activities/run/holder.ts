import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { GantryError } from '../../src/errors/index.ts';
import type { ControlActivities, LastHolder, RunStatus } from '../../src/runs/index.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

const kindKey = defineSearchAttributeKey(searchAttributeNames.kind, 'KEYWORD');
const stateKey = defineSearchAttributeKey(searchAttributeNames.state, 'KEYWORD');

/** Who holds a lock: the child-start error that says "taken" carries no run id. */
export function createDescribeHolder(client: Client): ControlActivities['describeHolder'] {
  return plainActivity(({ workflowId }) => describeHolder(client, workflowId));
}

/** The run that holds this id (`open`) or held it last; nothing if there was none. */
export async function describeHolder(client: Client, workflowId: string): Promise<LastHolder | undefined> {
  try {
    const holder = await client.workflow.getHandle(workflowId).describe();
    return {
      workflowId,
      runId: holder.runId,
      kind: holder.typedSearchAttributes.get(kindKey) ?? holder.type,
      state: holder.typedSearchAttributes.get(stateKey) ?? holder.status.name,
      since: holder.startTime.toISOString(),
      open: holder.status.name === 'RUNNING',
      ...startedBy(holder.raw.workflowExecutionInfo?.parentExecution),
      ...(holder.closeTime ? { endedAt: holder.closeTime.toISOString() } : {}),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

function startedBy(
  parent: { workflowId?: string | null; runId?: string | null } | null | undefined,
): Pick<LastHolder, 'startedBy'> {
  const { workflowId, runId } = parent ?? {};
  return workflowId && runId ? { startedBy: { workflowId, runId } } : {};
}

/** Hands an update that reached a proxy run to the real run, under the same update id, so that a retry isn't a second one. */
export function createForwardUpdate(client: Client): ControlActivities['forwardUpdate'] {
  return plainActivity(async ({ workflowId, runId, update, request, updateId }) => {
    try {
      return await client.workflow
        .getHandle(workflowId, runId)
        .executeUpdate<RunStatus, [unknown]>(update, { args: [request], updateId });
    } catch (error) {
      // The real run's answer is the answer: asking again would not change it.
      if (error instanceof WorkflowUpdateFailedError) throw error.cause ?? error;
      if (error instanceof WorkflowNotFoundError)
        throw new GantryError('RUN_NOT_FOUND', `${workflowId} is not running`, { cause: error });
      throw error;
    }
  });
}
