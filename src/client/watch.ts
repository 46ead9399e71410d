import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { RunStatus } from '../runs/index.ts';
import { isClosed } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import type { StatusAnswer } from './status.ts';
import { queryStatus, runStatus } from './status.ts';
import type { RunUnder } from './under.ts';
import { runsUnder } from './under.ts';

export type WatchOptions = {
  signal?: AbortSignal;
  /** Answers true to stop watching before the run has ended. */
  until?: (answer: StatusAnswer) => boolean;
  /** Tells also how the runs stand that this one is made of. */
  under?: boolean;
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
 * Polls a run's status until Temporal has closed it, and tells each change; answers the last one. Worker outages are
 * sat out: `note` then says that nobody answers.
 * @throws GantryError RUN_NOT_FOUND, NO_SERVER.
 */
export async function watchRun(
  client: Client,
  ref: RunRef,
  onStatus: (answer: Watched) => void,
  { signal, until, under = false }: WatchOptions = {},
): Promise<StatusAnswer> {
  let answer = await runStatus(client, ref);
  let asked = Date.now();
  let told = '';
  let waitMs = fastMs;
  for (;;) {
    const runs = under && !answer.closed ? await runsUnder(client, answer.status) : [];
    const now = JSON.stringify([answer.status, answer.note, runs]);
    waitMs = now === told ? Math.min(waitMs * calming, slowMs) : fastMs;
    if (now !== told) onStatus(runs.length > 0 ? { ...answer, under: runs } : answer);
    told = now;
    if (answer.closed || until?.(answer) || signal?.aborted) return answer;
    await sleep(waitMs, undefined, signal ? { signal } : {}).catch(() => undefined);
    // The cheap look, unless it is time for the whole one or the run says that it has ended.
    const quick = Date.now() - asked < describeEveryMs ? await quickLook(client, { ...answer, ref }) : undefined;
    if (quick) {
      answer = { ...answer, status: quick };
      continue;
    }
    answer = await runStatus(client, ref);
    asked = Date.now();
  }
}

async function quickLook(
  client: Client,
  { status, note, front, ref }: StatusAnswer & { ref: RunRef },
): Promise<RunStatus | undefined> {
  if (note !== undefined || isClosed(status.state)) return undefined;
  const said = await queryStatus(client, front === undefined ? ref : status);
  return said && !said.frontOf && !isClosed(said.state) ? said : undefined;
}
