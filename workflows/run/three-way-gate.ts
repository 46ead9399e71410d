import { condition } from '@temporalio/workflow';
import type { ErrorCode } from '../../src/errors/index.ts';
import { isErrorCode, troubleOf } from '../../src/errors/index.ts';
import type { ProfileName, StepRecord, StepReport, TroubleRecord } from '../../src/runs/index.ts';
import { mostLooks, nextLookMs } from '../../src/runs/index.ts';
import { guardAnswer, seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { Ending } from './ending.ts';
import { execute } from './execute.ts';
import { stepUnit } from './names.ts';
import { park } from './park.ts';
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
  await safePoint(context);
  const { runRecord } = context;
  const record: StepRecord = { title, step: ref.name, state: 'looking', changed: false };
  const startedAt = Date.now();
  record.startedAt = new Date(startedAt).toISOString();
  runRecord.steps.push(record);
  const unit = stepUnit(runRecord.steps.length);
  const look = (proof = false): Promise<StepReport<O>> =>
    execute(context, { title, ref, mode: 'inspect', input, unit, profile: options.profile, proof });
  for (;;) {
    record.state = 'looking';
    runRecord.show();
    const end = await read(context, record, options, look);
    record.ms = Date.now() - startedAt;
    if ('passed' in end) {
      record.state = 'unchanged';
      runRecord.show();
      return { ...end.passed, after: guardAnswer(context, title, end.passed.after) };
    }
    Object.assign(record, { state: 'failed', summary: `${end.trouble.code}: ${end.trouble.message}` });
    const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
      const seen = await look(true);
      return { done: seen.verdict === 'done', summary: seen.summary };
    };
    const resolution = await park(context, { title, step: ref.name, trouble: end.trouble, proveDone });
    if (resolution.action !== 'skip') continue;
    Object.assign(record, { state: 'skipped', note: resolution.proof ?? '' });
    runRecord.show();
    return undefined;
  }
}

type GateEnd<O> = { passed: StepReport<O> } | { trouble: TroubleRecord };

async function read<O>(
  context: RunContext,
  record: StepRecord,
  { everyMs, deadlineMs }: ThreeWayGateOptions,
  look: () => Promise<StepReport<O>>,
): Promise<GateEnd<O>> {
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
      if (verdict === 'done') return { passed: seen.report };
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
