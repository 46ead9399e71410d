import type { Client } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import type { Kind, RunState } from '../runs/index.ts';
import { kinds, searchAttributeNames, workflowTypeOf } from '../runs/index.ts';
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

/** A page of runs, the newest first; `next` is where the following page begins. */
export type RunPage = { runs: readonly Description[]; next?: string };

/**
 * A page of runs, the newest first. The cursor is the moment and the run at which a page ended: it stays right while runs come
 * and go.
 * @throws GantryError NO_SERVER; API_BAD_REQUEST for a cursor of another form
 */
export async function listPage(client: Client, filter: RunFilter & { cursor?: string }): Promise<RunPage> {
  const { cursor, limit = defaultListLimit } = filter;
  const from = cursor === undefined ? undefined : readCursor(cursor);
  const before = from === undefined ? '' : ` AND StartTime <= '${from.startedAt}'`;
  const runs: Description[] = [];
  let passed = from === undefined;
  await ask(client, async () => {
    const query = `${visibilityQuery(filter)}${before}`;
    for await (const info of client.workflow.list({ query, pageSize: Math.min(limit + 1, 1_000) })) {
      if (!passed) {
        // Several may have started at the same moment; what came before the cursor was on the page before.
        if (info.startTime.toISOString() === from?.startedAt && info.runId !== from.runId) continue;
        passed = true;
        if (info.runId === from?.runId) continue;
      }
      const run = readInfo(info);
      if (run && (filter.state === undefined || run.state === filter.state)) runs.push(run);
      if (runs.length > limit) break;
    }
  });
  const page = runs.slice(0, limit);
  const last = page.at(-1);
  return { runs: page, ...(runs.length > limit && last ? { next: writeCursor(last) } : {}) };
}

function writeCursor({ startedAt, runId }: Description): string {
  return Buffer.from(JSON.stringify([startedAt, runId])).toString('base64url');
}

function readCursor(cursor: string): { startedAt: string; runId: string } {
  try {
    const [startedAt, runId] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [unknown, unknown];
    if (typeof startedAt === 'string' && typeof runId === 'string')
      return { startedAt: new Date(startedAt).toISOString(), runId };
  } catch {
    // Said below.
  }
  throw new GantryError('API_BAD_REQUEST', 'the cursor is not one that a page of runs gave');
}

/** The query of Temporal's visibility store; also what a saved view in the UI would hold. */
export function visibilityQuery({ state, kind, target }: RunFilter): string {
  const types = (Object.keys(kinds) as Kind[]).map((kind) => quoted(workflowTypeOf(kind)));
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
