import type { Client } from '@temporalio/client';
import type { RunState, RunStatus } from '../runs/index.ts';
import { dryRunPrefix, isClosed, isKind, lockId, domainOf, runStates, statusQueryName } from '../runs/index.ts';
import { readInfo } from './description.ts';
import type { Description } from './description.ts';
import { visibilityQuery } from './list.ts';
import { ask } from './server-error.ts';

/** The states in which a run waits for a person. */
const waiting: readonly RunState[] = ['awaiting-approval', 'parked', 'paused'];

/** Open runs by state, and how long the one that waits longest for a person has waited. */
export type RunFigures = {
  open: Readonly<Partial<Record<RunState, number>>>;
  /** Milliseconds; nothing where none waits. */
  oldestWaitMs?: number;
};

const mostRuns = 5_000;
/** Of those that wait, so many are asked since when; of the others it is the start of the run that counts. */
const mostAsked = 50;
const askMs = 2_000;

/**
 * Counts the open runs. A request or a schedule that has started a run, and answers for it, is not counted beside it.
 * @throws GantryError NO_SERVER
 */
export async function runFigures(client: Client, now: number): Promise<RunFigures> {
  const runs: Description[] = [];
  await ask(client, async () => {
    const query = `${visibilityQuery({})} AND ExecutionStatus = 'Running'`;
    for await (const info of client.workflow.list({ query, pageSize: 1_000 })) {
      const run = readInfo(info);
      if (run && isRun(run)) runs.push(run);
      if (runs.length >= mostRuns) break;
    }
  });
  const open = Object.fromEntries(runStates.filter((state) => !isClosed(state)).map((state) => [state, 0]));
  for (const { state } of runs) open[state] = (open[state] ?? 0) + 1;
  const standing = runs
    .filter(({ state }) => waiting.includes(state))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  const since = await Promise.all(
    standing.map((run, at) => (at < mostAsked ? sinceWhen(client, run) : Promise.resolve(Date.parse(run.startedAt)))),
  );
  return { open, ...(since.length > 0 ? { oldestWaitMs: Math.max(0, now - Math.min(...since)) } : {}) };
}

/** A run has the id of its lock; a dry run one of its own. Whatever else has the type of a run starts one. */
function isRun({ kind, target, workflowId }: Description): boolean {
  return workflowId.startsWith(dryRunPrefix) || (isKind(kind) && workflowId === lockId(domainOf(kind), target));
}

/** When it entered its state, by its own word; when it was started, if no worker answers. */
async function sinceWhen(client: Client, { workflowId, runId, startedAt }: Description): Promise<number> {
  try {
    const { since } = await client.withDeadline(Date.now() + askMs, () =>
      client.workflow.getHandle(workflowId, runId).query<RunStatus>(statusQueryName),
    );
    return Date.parse(since);
  } catch {
    return Date.parse(startedAt);
  }
}
