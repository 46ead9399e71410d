import type { ProfileName, StepRecord, StepReport, TroubleRecord } from '../../src/runs/index.ts';
import { guardAnswer, keepMeasurements } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { execute } from './execute.ts';
import { stepUnit } from './names.ts';
import { park } from './park.ts';
import { safePoint } from './safe-point.ts';

/** How a row of looks ended: with the look that counts, or with what parks the run. */
export type LooksEnd<O> = { seen: StepReport<O> } | { trouble: TroubleRecord };

/** A step that looks and changes nothing. */
export type LookStep<I, O> = {
  title: string;
  ref: StepRef<I, O>;
  input: I;
  profile: ProfileName | undefined;
  /** What its line says while it looks. */
  state: 'running' | 'looking';
};

/**
 * A step that looks again and again, on one line of the record: it parks where `looks` ends in trouble, and begins anew after a retry. Answers
 * the look that counts; nothing if the step was skipped.
 */
export async function runLookStep<I, O>(
  context: RunContext,
  { title, ref, input, profile, state }: LookStep<I, O>,
  looks: (record: StepRecord, look: () => Promise<StepReport<O>>) => Promise<LooksEnd<O>>,
): Promise<StepReport<O> | undefined> {
  await safePoint(context);
  const { runRecord } = context;
  const startedAt = Date.now();
  const record: StepRecord = { title, step: ref.name, state, changed: false };
  record.startedAt = new Date(startedAt).toISOString();
  runRecord.steps.push(record);
  const unit = stepUnit(runRecord.steps.length);
  const look = (proof = false): Promise<StepReport<O>> =>
    execute(context, { title, ref, mode: 'inspect', input, unit, profile, proof });
  for (;;) {
    record.state = state;
    runRecord.show();
    const end = await looks(record, look);
    record.ms = Date.now() - startedAt;
    if ('seen' in end) {
      record.state = end.seen.verdict === 'done' ? 'unchanged' : 'done';
      keepMeasurements(context, end.seen);
      runRecord.show();
      return { ...end.seen, after: guardAnswer(context, title, end.seen.after) };
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
