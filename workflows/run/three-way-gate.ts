import { condition } from '@temporalio/workflow';
import type { ErrorCode } from '../../src/errors/index.ts';
import { isErrorCode, troubleOf } from '../../src/errors/index.ts';
import type { ProfileName, StepRecord, StepReport, TroubleRecord } from '../../src/runs/index.ts';
import { mostLooks, nextLookMs } from '../../src/runs/index.ts';
import { seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { Ending } from './ending.ts';
import type { LooksEnd } from './look-step.ts';
import { runLookStep } from './look-step.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

export type ThreeWayGateOptions = {
  /** The shortest and the longest time between two looks. Milliseconds. */
  everyMs: readonly [number, number];
  /** How long it may take to pass. Milliseconds. */
  deadlineMs: number;
  profile?: ProfileName;
};

/**
 * A gate with three values. `done` passes; `blocked` fails at once; `todo` may still turn, and fails at the deadline; `unknown`, and a
 * look that gave no answer, is inconclusive then. Neither of the latter two ever passes: a run parks, and `retry` gives it as
 * long again. Its history is bounded: at most 300 looks in a deadline.
 */
export async function runThreeWayGate<I, O>(
  context: RunContext,
  title: string,
  ref: StepRef<I, O>,
  input: I,
  options: ThreeWayGateOptions,
): Promise<StepReport<O> | undefined> {
  const step = { title, ref, input, profile: options.profile, state: 'looking' as const };
  return runLookStep(context, step, (record, look: () => Promise<StepReport<O>>) =>
    read(context, record, options, look),
  );
}

async function read<O>(
  context: RunContext,
  record: StepRecord,
  { everyMs, deadlineMs }: ThreeWayGateOptions,
  look: () => Promise<StepReport<O>>,
): Promise<LooksEnd<O>> {
  const until = Date.now() + deadlineMs;
  for (let looks = 1; ; looks += 1) {
    await safePoint(context);
    const seen = await looked(look);
    record.attempts = looks;
    if ('trouble' in seen) {
      // Another platform file says nothing of the gate: no time makes this worker right.
      if (seen.trouble.code === 'PLATFORM_CHANGED') return seen;
      record.summary = `no look: ${seen.trouble.code}: ${seen.trouble.message}`;
    } else {
      record.after = seenOf(seen.report).after;
      record.summary = seen.report.summary;
      const { verdict, blockedBy } = seen.report;
      if (verdict === 'done') return { seen: seen.report };
      if (verdict === 'blocked')
        return { trouble: failed(isErrorCode(blockedBy) ? blockedBy : 'GATE_FAILED', record, seen.report) };
    }
    context.runRecord.show();
    const left = until - Date.now();
    if (left <= 0 || looks >= mostLooks) {
      if ('trouble' in seen) return { trouble: failed('GATE_INCONCLUSIVE', record) };
      const code = seen.report.verdict === 'unknown' ? 'GATE_INCONCLUSIVE' : 'GATE_FAILED';
      return { trouble: failed(code, record, seen.report) };
    }
    const waitMs = nextLookMs({ everyMs, deadlineMs }, looks, left);
    const stop = (): boolean => interrupted(context) || context.controls.pauseAsked;
    await condition(stop, waitMs, { summary: `${record.title}: look ${looks + 1}` });
  }
}

async function looked<O>(
  look: () => Promise<StepReport<O>>,
): Promise<{ report: StepReport<O> } | { trouble: TroubleRecord }> {
  try {
    return { report: await look() };
  } catch (error) {
    if (error instanceof Ending) throw error;
    return { trouble: troubleOf(error) };
  }
}

function failed<O>(code: ErrorCode, { title, summary }: StepRecord, seen?: StepReport<O>): TroubleRecord {
  return simpleTrouble(code, `"${title}": ${summary ?? 'no look'}`, seen ? { seen: seen.after } : {});
}
