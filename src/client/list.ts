import type { Client } from '@temporalio/client';
import type { RunState } from '../runs/index.ts';
import { kinds, searchAttributeNames } from '../runs/index.ts';
import type { Description } from './description.ts';
import { readInfo } from './description.ts';
import { ask } from './server-error.ts';

export type RunFilter = { state?: RunState; kind?: string; target?: string; limit?: number };

export const defaultListLimit = 50;

/**
 * Runs, open ones first, then the newest. Visibility is eventually consistent: a run that has just started may be
 * missing, one that has just ended may show its last open state.
 * @throws GantryError NO_SERVER.
 */
export async function listRuns(client: Client, filter: RunFilter = {}): Promise<readonly Description[]> {
  const limit = filter.limit ?? defaultListLimit;
  const runs: Description[] = [];
  await ask(client, async () => {
    for await (const info of client.workflow.list({
      query: visibilityQuery(filter),
      pageSize: Math.min(limit, 1_000),
    })) {
      const run = readInfo(info);
      // A terminated run keeps the attribute of its last state: the filter is applied to what it comes to.
      if (run && (filter.state === undefined || run.state === filter.state)) runs.push(run);
      if (runs.length >= limit) break;
    }
  });
  return runs.sort((a, b) => Number(a.closed) - Number(b.closed) || b.startedAt.localeCompare(a.startedAt));
}

/** The query of Temporal's visibility store; also what a saved view in the UI would hold. */
export function visibilityQuery({ state, kind, target }: RunFilter): string {
  const types = Object.values(kinds).map(({ workflowType }) => quoted(workflowType));
  const clauses = [
    `WorkflowType IN (${types.join(', ')})`,
    ...(kind === undefined ? [] : [`${searchAttributeNames.kind} = ${quoted(kind)}`]),
    ...(target === undefined ? [] : [`${searchAttributeNames.target} = ${quoted(target)}`]),
    // A run ended from outside counts as failed, whatever it said last.
    ...(state === undefined || state === 'failed' ? [] : [`${searchAttributeNames.state} = ${quoted(state)}`]),
    ...(state === 'failed' ? [`ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`] : []),
  ];
  return clauses.join(' AND ');
}

/** A literal of the visibility query language, which reads backslash escapes as MySQL does. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (mark) => `\\${mark}`)}'`;
}
