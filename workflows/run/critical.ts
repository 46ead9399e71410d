import { GantryError, isErrorCode, troubleOf } from '../../src/errors/index.ts';
import type { ProfileName, StepRecord, StepReport, TroubleRecord } from '../../src/runs/index.ts';
import { isLeft } from '../../src/runs/index.ts';
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

/** One step of a section that must not be torn apart. */
export type CriticalStep<I = unknown, O = unknown, S extends string = string> = {
  title: string;
  ref: StepRef<I, O, S>;
  input: I;
  profile?: ProfileName;
};

/** Gives a step of a section its types where it is declared. */
export function criticalStep<I, O, S extends string>(
  title: string,
  ref: StepRef<I, O, S>,
  input: I,
  profile: ProfileName = 'quick',
): CriticalStep<unknown, unknown, S> {
  return { title, ref: ref as StepRef<unknown, unknown, S>, input, profile };
}

/**
 * Where a broken section is driven before it may park. `forward`: the failed step is tried again, `rounds` times its
 * profile's attempts, and if that doesn't help the section goes back; `back`: at once.
 */
export type CriticalOptions = { drive: 'forward' | 'back'; rounds?: number; pointOfNoReturn?: boolean };

const defaultRounds = 3;

type Part = CriticalStep & {
  unit: string;
  record: StepRecord;
  before: unknown;
  after: unknown;
  todo: boolean;
  /** How often it was called to act. */
  calls: number;
};

/**
 * Several steps that must not be torn apart: all first looks come before it, there is no safe point inside, and on
 * failure it reaches a safe state, everything done or nothing done, before it parks. Answers what each step found at its end;
 * nothing of those that were skipped.
 */
export async function runCritical(
  context: RunContext,
  steps: readonly CriticalStep[],
  options: CriticalOptions,
): Promise<readonly unknown[]> {
  const parts = open(context, steps);
  for (;;) {
    await safePoint(context);
    const trouble = await cross(context, parts, options);
    if (!trouble) return parts.map(({ title, after }) => guardAnswer(context, title, after));
    const first = parts[0];
    if (!first) return [];
    const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
      const seen = await lookAll(context, parts, true);
      return {
        done: seen.every((report) => report.verdict === 'done'),
        summary: seen.map((report) => report.summary).join('; '),
      };
    };
    const resolution = await park(context, {
      title: parts.map((part) => part.title).join(' → '),
      step: first.record.step,
      trouble,
      proveDone,
    });
    if (resolution.action !== 'skip') continue;
    for (const part of parts) Object.assign(part.record, { state: 'skipped', note: resolution.proof ?? '' });
    return [];
  }
}

function open(context: RunContext, steps: readonly CriticalStep[]): Part[] {
  return steps.map((step) => {
    const record: StepRecord = { title: step.title, step: step.ref.name, state: 'pending', changed: false };
    context.runRecord.steps.push(record);
    return {
      ...step,
      unit: stepUnit(context.runRecord.steps.length),
      record,
      before: undefined,
      after: undefined,
      todo: false,
      calls: 0,
    };
  });
}

async function lookAll(context: RunContext, parts: readonly Part[], proof = false): Promise<StepReport<unknown>[]> {
  const seen: StepReport<unknown>[] = [];
  for (const part of parts) seen.push(await execute(context, { ...part, mode: 'inspect', before: undefined, proof }));
  return seen;
}

/** One crossing. Answers the trouble, the section being in a safe state; nothing if it got through. */
async function cross(
  context: RunContext,
  parts: readonly Part[],
  options: CriticalOptions,
): Promise<TroubleRecord | undefined> {
  const { runRecord } = context;
  try {
    const seen = await lookAll(context, parts);
    for (const [index, part] of parts.entries()) firstLook(context, part, seen[index]);
  } catch (error) {
    if (error instanceof Ending) throw error;
    const trouble = troubleOf(error);
    if (!parts.some(standsBetween)) return trouble;
    // It cannot go forward from there, and could not be taken back the last time: what was in the way may be gone.
    const still = await shielded(context, () => back(context, parts, trouble, options.rounds ?? defaultRounds));
    return parts.some(standsBetween) ? still : cross(context, parts, options);
  }
  throwIfInterrupted(context);
  return shielded(context, async () => {
    for (const part of parts) {
      const trouble = part.todo ? await forward(context, part, options) : undefined;
      if (trouble) return back(context, parts, trouble, options.rounds ?? defaultRounds);
    }
    if (options.pointOfNoReturn) runRecord.pastNoReturn = true;
    else registerWayBack(context, parts);
    return undefined;
  });
}

/** Nobody gets between. */
async function shielded<T>({ runRecord, controls }: RunContext, body: () => Promise<T>): Promise<T> {
  controls.crossing = true;
  try {
    return await body();
  } finally {
    controls.crossing = false;
    runRecord.show();
  }
}

/** Changed, and not taken back: a former undo has failed. */
function standsBetween({ record, before }: Part): boolean {
  return isLeft(record) && before !== undefined;
}

/** Once through, an abort takes the section back like any other steps. */
function registerWayBack(context: RunContext, parts: readonly Part[]): void {
  for (const { title, ref, input, before, unit, record, profile } of parts) {
    if (isLeft(record) && before !== undefined) context.undo.push({ title, ref, input, before, unit, record, profile });
  }
}

function firstLook(context: RunContext, part: Part, seen: StepReport<unknown> | undefined): void {
  if (!seen) return;
  if (seen.verdict === 'blocked') {
    throw new GantryError(isErrorCode(seen.blockedBy) ? seen.blockedBy : 'UNEXPECTED', seen.summary, {
      evidence: { seen: seen.after },
    });
  }
  if (seen.verdict === 'unknown')
    throw new GantryError('GATE_INCONCLUSIVE', seen.summary, { evidence: { seen: seen.after } });
  part.todo = seen.verdict === 'todo';
  part.after = seen.after;
  part.record.state = part.todo ? 'pending' : 'unchanged';
  part.record.summary = seen.summary;
  if (!part.todo) keepMeasurements(context, seen);
  if (part.todo && part.before === undefined) part.before = seen.before;
}

async function forward(context: RunContext, part: Part, options: CriticalOptions): Promise<TroubleRecord | undefined> {
  const rounds = options.drive === 'forward' ? (options.rounds ?? defaultRounds) : 1;
  let trouble: TroubleRecord | undefined;
  for (let round = 0; round < rounds; round += 1) {
    part.record.state = 'running';
    part.record.changed = true;
    part.calls += 1;
    context.runRecord.show();
    try {
      const report = await execute(context, { ...part, mode: 'ensure', shielded: true });
      part.after = report.after;
      const notOurs = isNotOurs(report, part.calls - 1);
      if (notOurs) Object.assign(part, { before: undefined });
      Object.assign(part.record, {
        state: notOurs ? 'unchanged' : 'done',
        changed: !notOurs,
        ...seenOf(report),
        summary: report.summary,
        ms: report.ms,
        attempts: report.attempts,
      });
      keepMeasurements(context, report);
      return undefined;
    } catch (error) {
      trouble = troubleOf(error);
      part.record.state = 'failed';
      part.record.summary = `${trouble.code}: ${trouble.message}`;
    }
  }
  return trouble;
}

/** Back to nothing done. If that fails too, the trouble says that the section stands in between. */
async function back(
  context: RunContext,
  parts: readonly Part[],
  cause: TroubleRecord,
  rounds: number,
): Promise<TroubleRecord> {
  for (const part of [...parts].reverse()) {
    if (!standsBetween(part)) continue;
    const trouble = await undoPart(context, part, rounds);
    if (!trouble) continue;
    context.runRecord.pastNoReturn = true;
    const between = `"${part.title}" could not be undone: ${trouble.code}: ${trouble.message}. The section is left half done.`;
    return { ...cause, message: `${cause.message}; and ${between}` };
  }
  return cause;
}

async function undoPart(context: RunContext, part: Part, rounds: number): Promise<TroubleRecord | undefined> {
  let trouble: TroubleRecord | undefined;
  for (let round = 0; round < rounds; round += 1) {
    try {
      const report = await execute(context, { ...part, mode: 'undo', shielded: true });
      Object.assign(part.record, { state: 'undone', summary: `undone: ${report.summary}`, changed: false });
      part.before = undefined;
      return undefined;
    } catch (error) {
      trouble = troubleOf(error);
    }
  }
  return trouble;
}
