import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { GantryError, isErrorCode, troubleOf } from '../../src/errors/index.ts';
import type { LongWait, ProfileName, StepRecord, StepReport, TroubleRecord, WakeNews } from '../../src/runs/index.ts';
import { cutText, mostLooks, nextLookMs, wakeSignalName } from '../../src/runs/index.ts';
import { seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { Ending } from './ending.ts';
import type { LooksEnd } from './look-step.ts';
import { runLookStep } from './look-step.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

export const wakeSignal = defineSignal<[WakeNews?]>(wakeSignalName);

/** How a run waits until a look finds it done. */
export type UntilOptions<O> = LongWait & {
  /** What is seen means that the body has something to do: it is answered at once, though it is not done. */
  news?: (seen: O) => boolean;
  /** `park` unless given. `answer`: the body decides, with the last look. */
  atDeadline?: 'park' | 'answer';
  profile?: ProfileName;
};

/** How often each run has been woken. A signal that comes before the handler is set is kept by the server's side of the SDK. */
const wakes = new WeakMap<RunContext, { count: number }>();

function heardBy(context: RunContext): { count: number } {
  const known = wakes.get(context);
  if (known) return known;
  const heard = { count: 0 };
  wakes.set(context, heard);
  setHandler(wakeSignal, (news) => {
    heard.count += 1;
    // Anyone may send it, with anything: only the first words of who it was are kept, and only of some.
    if (heard.count <= 20 && typeof news?.by === 'string')
      context.runRecord.acted('wake', { by: cutText(news.by, 100) });
  });
  return heard;
}

/**
 * Waits for what happens outside, for hours or days: looks, sleeps longer and longer, looks again. A signal `wake` makes it look
 * at once; pause, abort, pre-emption and cancellation act during it. Its history is bounded: at most 300 looks, whatever comes.
 * A look that fails is no news and counts as a look; what is blocked, or not done at the deadline, parks the run, and a retry
 * waits as long again. Answers the last look; nothing if it was skipped.
 */
export async function runUntil<I, O>(
  context: RunContext,
  title: string,
  ref: StepRef<I, O>,
  input: I,
  options: UntilOptions<O>,
): Promise<StepReport<O> | undefined> {
  const heard = heardBy(context);
  const step = { title, ref, input, profile: options.profile, state: 'running' as const };
  let last: StepReport<O> | undefined;
  return runLookStep(context, step, async (record, look: () => Promise<StepReport<O>>) => {
    const waiting: Waiting<O> = { context, record, options, look, heard, looks: 0, last };
    const end = await watch(waiting);
    ({ last } = waiting);
    return end;
  });
}

type Waiting<O> = {
  readonly context: RunContext;
  readonly record: StepRecord;
  readonly options: UntilOptions<O>;
  readonly look: () => Promise<StepReport<O>>;
  readonly heard: { count: number };
  looks: number;
  /** The last look that was answered. */
  last: StepReport<O> | undefined;
};

async function watch<O>(waiting: Waiting<O>): Promise<LooksEnd<O>> {
  const { context, record, options, heard } = waiting;
  const { runRecord, controls } = context;
  const until = Date.now() + options.deadlineMs;
  for (;;) {
    await safePoint(context);
    const heardBefore = heard.count;
    waiting.looks += 1;
    const trouble = await lookOnce(waiting);
    const { last } = waiting;
    if (trouble) {
      // Another platform file says nothing of what is waited for, and something in the way does not go by waiting.
      if (trouble.code === 'PLATFORM_CHANGED' || trouble.blocked) return { trouble: trouble.trouble };
    } else if (last && (last.verdict === 'done' || options.news?.(last.after) === true)) return { seen: last };
    runRecord.show();
    const left = until - Date.now();
    if (left <= 0) {
      if (options.atDeadline === 'answer' && last && !trouble) return { seen: last };
      const message = `"${record.title}" is not done after ${Math.round(options.deadlineMs / 1000)} s; last: ${record.summary ?? 'no look'}`;
      return { trouble: simpleTrouble('WAIT_TOO_LONG', message, { looks: waiting.looks, last: record.after }) };
    }
    const sleptFrom = Date.now();
    const waitMs = nextLookMs(options, waiting.looks, left);
    // Past the point of no return a cancelled run still waits: its flag must not turn this into a loop.
    const stop = (): boolean => interrupted(context) || controls.pauseAsked;
    // With few looks left it is not woken any more: what signals ask for must not outgrow the history.
    const woken = (): boolean => heard.count > heardBefore && waiting.looks < mostLooks / 2;
    await condition(() => stop() || woken(), waitMs, { summary: `${record.title}: look ${waiting.looks + 1}` });
    if (stop() || !woken()) continue;
    // Many signals at once are one wake; two looks are at least the shortest interval apart.
    const restMs = Math.min(options.everyMs[0] - (Date.now() - sleptFrom), waitMs);
    if (restMs > 0) await condition(stop, restMs, { summary: 'woken' });
  }
}

type LookTrouble = { code: string; blocked: boolean; trouble: TroubleRecord };

/** Looks once; what it saw is in the record. Answers the trouble of a look that failed or is blocked. */
async function lookOnce<O>(waiting: Waiting<O>): Promise<LookTrouble | undefined> {
  const { record, look } = waiting;
  try {
    const seen = await look();
    waiting.last = seen;
    record.after = seenOf(seen).after;
    record.attempts = waiting.looks;
    record.summary = seen.summary;
    if (seen.verdict !== 'blocked') return undefined;
    const code = isErrorCode(seen.blockedBy) ? seen.blockedBy : 'UNEXPECTED';
    const trouble = troubleOf(new GantryError(code, seen.summary, { evidence: { seen: seen.after } }));
    return { code, blocked: true, trouble };
  } catch (error) {
    if (error instanceof Ending) throw error;
    const trouble = troubleOf(error);
    record.summary = `no look: ${trouble.code}: ${trouble.message}`;
    return { code: trouble.code, blocked: false, trouble };
  }
}
