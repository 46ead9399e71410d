import { troubleOf } from '../../src/errors/index.ts';
import type { StepRecord } from '../../src/runs/index.ts';
import { seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { Ending } from './ending.ts';
import { execute } from './execute.ts';
import { stepUnit } from './names.ts';
import { park } from './park.ts';

/** A look that must be good before something else may begin. */
export type Gate<I = unknown, O = unknown, S extends string = string> = {
  title: string;
  ref: StepRef<I, O, S>;
  input: I;
};

/** The gate's one line in the record, however often it is looked at. */
export function openGate({ runRecord }: RunContext, { title, ref }: Gate): StepRecord {
  const record: StepRecord = { title, step: ref.name, state: 'pending', changed: false };
  runRecord.steps.push(record);
  return record;
}

/** Looks until it is well, as long as the step itself is ready to wait; then parks. A skip counts for this once. */
export async function passGate(context: RunContext, gate: Gate, record: StepRecord): Promise<void> {
  const { title, ref, input } = gate;
  const call = {
    title,
    ref,
    input,
    unit: stepUnit(context.runRecord.steps.indexOf(record) + 1),
    profile: 'slow' as const,
  };
  for (;;) {
    record.state = 'looking';
    delete record.summary;
    delete record.ms;
    context.runRecord.show();
    try {
      const report = await execute(context, { ...call, mode: 'ensure' });
      const { step, summary, ms } = report;
      Object.assign(record, { state: 'unchanged', step, after: seenOf(report).after, summary, ms });
      context.runRecord.show();
      return;
    } catch (error) {
      if (error instanceof Ending) throw error;
      const trouble = troubleOf(error);
      Object.assign(record, { state: 'failed', summary: `${trouble.code}: ${trouble.message}` });
      const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
        const seen = await execute(context, { ...call, mode: 'inspect', proof: true });
        return { done: seen.verdict === 'done', summary: seen.summary };
      };
      const resolution = await park(context, { title, step: record.step, trouble, proveDone });
      if (resolution.action !== 'skip') continue;
      Object.assign(record, { state: 'skipped', note: resolution.proof ?? '' });
      return;
    }
  }
}
