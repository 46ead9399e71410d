import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { monotonicMs, patience, pause } from '../../lab/clock.ts';
import type { RunReport, RunState, RunStatus } from '../../src/runs/index.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';

type OutcomeOptions = {
  /** So long may a run go without a new event in its history, its worker cut off once. However long it takes, one that moves is waited for. */
  silenceMs: number;
  /** Its plans are approved as they come. */
  approves: boolean;
};

/** The server answers it by itself. */
const describeMs = 5_000;
/** A worker answers it: one that is cut off holds it until the server gives it to another one. */
const queryMs = 20_000;

/**
 * How a run ended, or that it is parked, or that it stands still: then it is ended here. What it does is asked of the server, which knows
 * its state without a worker: on a busy machine a query may get no answer for longer than the run needs.
 */
export async function outcomeOf(
  client: Client,
  handle: WorkflowHandle,
  watched: WorkflowHandle,
  { silenceMs, approves }: OutcomeOptions,
): Promise<string> {
  const { connection } = client;
  const result = handle.result().then(
    (report) => (report as RunReport).outcome,
    (error: unknown) => `failed: ${messageOf(error)}`,
  );
  // With a deadline, and awaited: a request that the SDK tries again once the connection is closed ends the process.
  const within = <T>(ms: number, ask: () => Promise<T>): Promise<T | undefined> =>
    connection.withDeadline(Date.now() + ms * patience, ask).catch(() => undefined);
  let events = 0;
  let state: RunState | undefined;
  let heardAt = monotonicMs();
  for (;;) {
    const answer = await Promise.race([result, pause(approves ? 500 : 2_000)]);
    if (answer !== undefined) return answer;
    const seen = await within(describeMs, () => watched.describe());
    if (seen && seen.historyLength !== events) [events, heardAt] = [seen.historyLength, monotonicMs()];
    state = (seen && stateOf(seen)) ?? state;
    const silentMs = monotonicMs() - heardAt;
    let stands =
      silentMs > silenceMs ? `${state ?? 'unheard of'}, and nothing new for ${silenceMs / 1000} s` : undefined;
    if (state === 'parked' || (approves && state === 'awaiting-approval')) {
      const status = await within(queryMs, () => watched.query<RunStatus, []>('status'));
      if (status?.parked)
        stands = `parked at "${status.parked.title}": ${status.parked.trouble.code}: ${status.parked.trouble.message}`;
      if (status?.state === 'awaiting-approval')
        // The same again, should its answer be lost with the worker, is refused.
        await within(queryMs, () =>
          watched.executeUpdate('approve', { args: [{ by: 'ada', planHash: status.plan?.hash }] }),
        );
    }
    if (stands === undefined) continue;
    await handle.terminate(stands).catch(() => undefined);
    await Promise.race([result, pause(5_000)]);
    return stands;
  }
}

function stateOf({ typedSearchAttributes }: WorkflowExecutionDescription): RunState | undefined {
  const found = typedSearchAttributes.getAll().find(({ key }) => key.name === searchAttributeNames.state);
  return found?.value as RunState | undefined;
}

function messageOf(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message);
  return parts.join(': ');
}
