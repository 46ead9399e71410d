import { GantryError, isErrorCode, troubleOf } from '../../src/errors/index.ts';
import type { ProfileName, StepRecord, StepReport, TroubleRecord } from '../../src/runs/index.ts';
import { guardAnswer, keepMeasurements, seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { throwIfInterrupted } from './context.ts';
import { Ending } from './ending.ts';
import { execute } from './execute.ts';
import { stepUnit } from './names.ts';
import { isNotOurs } from './not-ours.ts';
import { park } from './park.ts';
import { safePoint } from './safe-point.ts';

/** How a run treats one of its steps. */
export type StepOptions = {
  /** Abort and cancellation bring back what was there before. */
  undo?: boolean;
  /** Once this step has begun to change the target the run can only be finished. */
  pointOfNoReturn?: boolean;
  /** What it made must still hold after a pause and at the end. */
  invariant?: boolean;
  /**
   * What it changes lies in what an earlier step made, or takes that step's change back: undoing that one leaves nothing of it.
   * Or it is a mark of Gantry's own, which the next run overwrites.
   */
  leavesNothing?: true;
  profile?: ProfileName;
};

/**
 * Does one step: safe point, first look, act, proof. The first look is an activity of its own, in the history before
 * anything is applied: only a step that it finds to do counts as changed by this run and is ever undone.
 */
export async function runStep<I, O>(
  context: RunContext,
  title: string,
  ref: StepRef<I, O>,
  input: I,
  options: StepOptions = {},
): Promise<StepReport<O> | undefined> {
  await safePoint(context);
  const { runRecord } = context;
  const record: StepRecord = {
    ...{ title, step: ref.name, state: 'looking', changed: false },
    ...(options.leavesNothing ? { leavesNothing: true } : {}),
  };
  runRecord.steps.push(record);
  const step: StepRun<I, O> = {
    context,
    record,
    ref,
    input,
    options,
    unit: stepUnit(runRecord.steps.length),
    before: undefined,
    calls: 0,
    begun: false,
  };
  for (;;) {
    try {
      const report = await attempt(step);
      // A retry that asked to go by another platform file asked for this step, and did not need it.
      context.adopting = undefined;
      remember(step);
      return { ...report, after: guardAnswer(context, title, report.after) };
    } catch (error) {
      if (error instanceof Ending) throw error;
      record.state = 'failed';
      const trouble = troubleOf(error);
      record.summary = `${trouble.code}: ${trouble.message}`;
      if (await skipped(step, trouble)) return undefined;
    }
  }
}

type StepRun<I, O> = {
  context: RunContext;
  record: StepRecord;
  ref: StepRef<I, O>;
  input: I;
  options: StepOptions;
  unit: string;
  /** What the very first look that found something to do observed. */
  before: { observed: O } | undefined;
  /** How often it was called to act. */
  calls: number;
  /** A crossing that failed has touched the target, or may have. */
  begun: boolean;
};

async function attempt<I, O>(step: StepRun<I, O>): Promise<StepReport<O>> {
  const { context, record, options } = step;
  const { runRecord, controls } = context;
  setState(step, 'looking');
  const first = await call(step, 'inspect');
  if (first.verdict === 'blocked') throw blockedError(first);
  // Nothing is changed upon a look that saw nothing.
  if (first.verdict === 'unknown') throw inconclusive(first);
  if (first.verdict === 'done') {
    // A retry whose predecessor got it done before it failed has still changed it: the first first look says so.
    note(record, first, step.before ? 'done' : 'unchanged');
    keepMeasurements(context, first);
    if (step.before && options.pointOfNoReturn) runRecord.pastNoReturn = true;
    runRecord.show();
    return first;
  }
  // Asked for while we looked: it still counts, as nothing has been touched. From here to `crossing` nothing intervenes.
  throwIfInterrupted(context);
  register(step, first.before);
  setState(step, 'running');
  if (!options.pointOfNoReturn) return finish(step, await call(step, 'ensure'));
  controls.crossing = true;
  try {
    const report = await call(step, 'ensure');
    runRecord.pastNoReturn = true;
    return finish(step, report);
  } catch (error) {
    step.begun = await hasBegun(step);
    // What an earlier crossing of this run has passed stays passed.
    runRecord.pastNoReturn ||= step.begun;
    throw error;
  } finally {
    controls.crossing = false;
  }
}

function call<I, O>(step: StepRun<I, O>, mode: 'inspect' | 'ensure', proof = false): Promise<StepReport<O>> {
  const { context, record, ref, input, unit, before, begun, options } = step;
  if (mode === 'ensure') step.calls += 1;
  return execute(context, {
    title: record.title,
    ref,
    mode,
    input,
    unit,
    profile: options.profile,
    first: options.pointOfNoReturn && !begun,
    shielded: options.pointOfNoReturn && mode === 'ensure',
    proof,
    ...(before ? { before: before.observed } : {}),
  });
}

/** From the first look that found something to do, the step counts as changed and its undo is known. */
function register<I, O>(step: StepRun<I, O>, observed: O): void {
  if (step.before) return;
  step.before = { observed };
  step.record.changed = true;
  if (!step.options.undo) return;
  const { context, record, ref, input, unit, options } = step;
  context.undo.push({
    title: record.title,
    ref: ref as StepRef<unknown, unknown>,
    input,
    before: observed,
    unit,
    record,
    profile: options.profile,
  });
}

/** After a failed crossing: looks whether the target was left untouched. What can't be seen counts as begun. */
async function hasBegun<I, O>(step: StepRun<I, O>): Promise<boolean> {
  try {
    const seen = await execute(step.context, {
      title: step.record.title,
      ref: step.ref,
      mode: 'inspect',
      input: step.input,
      unit: step.unit,
      profile: step.options.profile,
      shielded: true,
    });
    return seen.verdict !== 'todo' || seen.begun;
  } catch {
    return true;
  }
}

function finish<I, O>(step: StepRun<I, O>, report: StepReport<O>): StepReport<O> {
  const notOurs = isNotOurs(report, step.calls - 1);
  if (notOurs) forget(step);
  note(step.record, report, notOurs ? 'unchanged' : 'done');
  keepMeasurements(step.context, report);
  step.context.runRecord.show();
  return report;
}

/** Another one did it after the first look: this run has nothing to undo. */
function forget<I, O>(step: StepRun<I, O>): void {
  const { context, record } = step;
  step.before = undefined;
  record.changed = false;
  const at = context.undo.findIndex((entry) => entry.record === record);
  if (at >= 0) context.undo.splice(at, 1);
}

function note<O>(record: StepRecord, report: StepReport<O>, state: 'done' | 'unchanged'): void {
  record.state = state;
  record.step = report.step;
  Object.assign(record, seenOf(report));
  record.summary = report.summary;
  record.startedAt = report.startedAt;
  record.ms = report.ms;
  record.attempts = report.attempts;
}

function remember<I, O>({ context, record, ref, input, unit, options }: StepRun<I, O>): void {
  if (!options.invariant) return;
  const { title } = record;
  const { profile } = options;
  context.invariants.push({ title, ref: ref as StepRef<unknown, unknown>, input, unit, profile, record });
}

/** Parks the failed step. True: it was skipped, with its proof noted. */
async function skipped<I, O>(step: StepRun<I, O>, trouble: TroubleRecord): Promise<boolean> {
  const { context, record } = step;
  const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
    const seen = await call(step, 'inspect', true);
    return { done: seen.verdict === 'done', summary: seen.summary };
  };
  const resolution = await park(context, { title: record.title, step: record.step, trouble, proveDone });
  if (resolution.action !== 'skip') return false;
  record.state = 'skipped';
  record.note = resolution.proof ?? '';
  context.runRecord.show();
  return true;
}

function setState<I, O>({ context, record }: StepRun<I, O>, state: StepRecord['state']): void {
  record.state = state;
  context.runRecord.show();
}

function blockedError<O>(seen: StepReport<O>): Error {
  const code = isErrorCode(seen.blockedBy) ? seen.blockedBy : 'UNEXPECTED';
  return new GantryError(code, seen.summary, { evidence: { seen: seen.after } });
}

function inconclusive<O>(seen: StepReport<O>): Error {
  return new GantryError('GATE_INCONCLUSIVE', seen.summary, { evidence: { seen: seen.after } });
}
