import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import type { RunStatus, Waiting } from '../runs/index.ts';
import { isClosed } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import type { StatusAnswer } from './status.ts';
import { lookAtRun, queryStatus, waitingFor } from './status.ts';
import type { RunUnder } from './under.ts';
import { runsUnder } from './under.ts';

export type WatchOptions = {
  signal?: AbortSignal;
  /** Answers true to stop watching before the run has ended. */
  until?: (answer: StatusAnswer) => boolean;
  /** Tells also how the runs stand that this one is made of. */
  under?: boolean;
  /** How long a run that cannot be seen is waited for; default: until it can be seen again. Milliseconds. */
  patienceMs?: number;
  /** How long a task lies in its queue before that is told; 10,000 unless given. Milliseconds. */
  untakenMs?: number;
};

/** What a watcher is told. */
export type Watched = StatusAnswer & { under?: readonly RunUnder[] };

/** While things move the poll is quick, then it calms down. */
const fastMs = 100;
const slowMs = 1_000;
const calming = 1.4;

/** A query that succeeds says nothing about a run that was terminated: the server is asked this often. */
const describeEveryMs = 2_000;

/**
 * Polls a run's status until Temporal has closed it, and tells each change; answers the last one. Outages of the workers
 * and of the server are sat out: `note` says so, and `blind` that the status is an old one. After `patienceMs` of that the
 * blind answer is the last one.
 * @throws GantryError RUN_NOT_FOUND; NO_SERVER at the first look only.
 */
export async function watchRun(
  client: Client,
  ref: RunRef,
  onStatus: (answer: Watched) => void,
  { signal, until, under = false, patienceMs = Infinity, untakenMs = 10_000 }: WatchOptions = {},
): Promise<StatusAnswer> {
  const queue = queueWatch(untakenMs);
  let answer = queue.seen(await lookAtRun(client, ref));
  let asked = performance.now();
  let seen = asked;
  let told = '';
  let waitMs = fastMs;
  for (;;) {
    const runs = under && !answer.closed && !answer.blind ? await runsUnder(client, answer.status) : [];
    const now = JSON.stringify([answer.status, answer.note, runs]);
    waitMs = now === told ? Math.min(waitMs * calming, slowMs) : fastMs;
    if (now !== told) onStatus(runs.length > 0 ? { ...answer, under: runs } : answer);
    told = now;
    if (!answer.blind) seen = performance.now();
    if (answer.closed || until?.(answer) || signal?.aborted || performance.now() - seen > patienceMs) return answer;
    await sleep(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    // The cheap look, unless it is time for the whole one or the run says that it has ended.
    const quick = performance.now() - asked < describeEveryMs ? await quickLook(client, { ...answer, ref }) : undefined;
    if (quick) {
      answer = { ...answer, status: queue.complete(quick) };
      continue;
    }
    answer = queue.seen(await recheckSource(client, ref, answer, signal));
    asked = performance.now();
  }
}

/** Where neither a worker nor the server answers, what was seen last stays, as an old word. */
async function recheckSource(
  client: Client,
  ref: RunRef,
  last: StatusAnswer,
  signal: AbortSignal | undefined,
): Promise<StatusAnswer & { waiting?: Waiting }> {
  const look = () => lookAtRun(client, ref);
  try {
    // The SDK leaves a listener at the signal of each call.
    const answer = await (signal ? client.connection.withAbortSignal(AbortSignal.any([signal]), look) : look());
    if (!answer.blind || answer.status.runId !== last.status.runId) return answer;
    return { ...answer, status: last.status, note: 'no worker answers for this run; this is what it said last' };
  } catch (error) {
    if (!(error instanceof GantryError) || error.code !== 'NO_SERVER') throw error;
    return { ...last, note: 'the Temporal server does not answer; this is what was seen last', blind: true };
  }
}

/**
 * What lies in a queue for some seconds is told; an idle worker takes a task within milliseconds, and a line for each would tell nothing.
 * Counted by this process's clock: the server's may differ.
 */
function queueWatch(untakenMs: number) {
  let lying: { waiting: Waiting; from: number } | undefined;
  const complete = (status: RunStatus): RunStatus =>
    waitingFor(status, lying && performance.now() - lying.from >= untakenMs ? lying.waiting : undefined);
  return {
    complete,
    seen: ({ waiting, ...answer }: StatusAnswer & { waiting?: Waiting }): StatusAnswer => {
      const same = waiting?.since === lying?.waiting.since && waiting?.title === lying?.waiting.title;
      if (!same) lying = waiting && { waiting, from: performance.now() };
      return { ...answer, status: complete(answer.status) };
    },
  };
}

async function quickLook(
  client: Client,
  { status, note, proxy, ref }: StatusAnswer & { ref: RunRef },
): Promise<RunStatus | undefined> {
  if (note !== undefined || isClosed(status.state)) return undefined;
  const said = await queryStatus(client, proxy === undefined ? ref : status);
  return said && !said.proxyFor && !isClosed(said.state) ? said : undefined;
}
