import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { GantryError } from '../../src/errors/index.ts';
import type { Domain } from '../../src/runs/index.ts';
import { awaitedWorkers } from '../../src/runs/index.ts';
import { iso } from './record.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { notify } from './notify.ts';
import { simpleTrouble } from './trouble.ts';

/** The look lies in the queue all the while: it need not be put there again and again. */
const lookMs = 24 * 3_600_000;

/** One call of a domain's activity. */
export type DomainWork<R> = {
  domain: Domain;
  /** Whose workers alone can do it, where that is so. */
  region?: string;
  title: string;
  /** Nothing may come between: it is waited for whatever is asked of the run. */
  shielded: boolean;
  /** How long the task may lie in the queue before people are told. */
  startMs: number;
  act: (startMs: number) => Promise<R>;
  /** Something quick of the same domain that changes nothing: when it is answered, a worker is there. */
  look: (startMs: number) => Promise<unknown>;
};

/**
 * Does it, and where no worker of the domain takes it up: says so once, waits for one, and does it then. The server doesn't
 * try a task again that nobody took (schedule-to-start is final), so the run does. Meanwhile pause, abort, pre-emption and
 * cancellation take effect, since nothing of it is under way. It may have begun: the time in the queue counts for each
 * attempt, so that a worker may have taken an earlier one and been lost over it.
 */
export async function whenWorkerIsThere<R>(context: RunContext, work: DomainWork<R>): Promise<R> {
  for (;;) {
    try {
      return await work.act(work.startMs);
    } catch (error) {
      if (!nobodyTook(error)) throw error;
      await untilWorker(context, work);
      // It may have waited for days. Past the point of no return a closed window would only keep the target half done.
      if (!work.shielded && !context.runRecord.pastNoReturn) await context.checkGates('after the wait for a worker');
    }
  }
}

/** So long an operator is kept waiting for a worker before the answer is that there is none. */
const promptMs = 20_000;

/** Does it where a worker takes it up soon. @throws NO_WORKER */
export async function whileWorkerIsThere<R>(work: Omit<DomainWork<R>, 'shielded' | 'look'>): Promise<R> {
  const startMs = Math.min(work.startMs, promptMs);
  try {
    return await work.act(startMs);
  } catch (error) {
    if (!nobodyTook(error)) throw error;
    throw new GantryError('NO_WORKER', untaken(work, startMs));
  }
}

function untaken(work: Pick<DomainWork<unknown>, 'domain' | 'region' | 'title'>, startMs: number): string {
  return `no worker of ${awaitedWorkers(work)} took "${work.title}" within ${Math.round(startMs / 1000)} s`;
}

function nobodyTook(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof TimeoutFailure &&
    error.cause.timeoutType === 'SCHEDULE_TO_START'
  );
}

async function untilWorker(context: RunContext, work: DomainWork<unknown>): Promise<void> {
  const { runRecord, controls } = context;
  const { domain, region, title, shielded, startMs } = work;
  const message = untaken(work, startMs);
  const goesOn = 'it goes on by itself when a worker polls';
  notify(
    context,
    'no-worker',
    `${runRecord.kind} of ${runRecord.target}: ${message}; ${goesOn}`,
    simpleTrouble('NO_WORKER', message),
  );
  runRecord.waiting = { domain, ...(region === undefined ? {} : { region }), title, since: iso(Date.now()) };
  runRecord.show();
  const stop = (): boolean => !shielded && (interrupted(context) || controls.pauseAsked);
  try {
    for (;;) {
      if (!shielded) await context.stand();
      if (await answered(work, stop)) return;
    }
  } finally {
    runRecord.waiting = undefined;
    runRecord.show();
  }
}

/** True: a worker has taken the look, whatever it found. False: something is asked of the run, or it lay there too long. */
async function answered({ look }: DomainWork<unknown>, stop: () => boolean): Promise<boolean> {
  let end: { byWorker: boolean } | undefined;
  const scope = new CancellationScope({ cancellable: true });
  const looking = scope
    .run(() => look(lookMs))
    .then(
      () => (end = { byWorker: true }),
      (error: unknown) => (end = { byWorker: !nobodyTook(error) && !isCancellation(error) }),
    );
  await condition(() => end !== undefined || stop());
  if (!end) scope.cancel();
  return (await looking).byWorker;
}
