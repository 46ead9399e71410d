import { condition } from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type { RunPolicy, StepRecord, TroubleRecord } from '../../src/runs/index.ts';
import { seenOf } from './answer.ts';
import type { StepRef } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted } from './context.ts';
import { Ending } from './ending.ts';
import { execute } from './execute.ts';
import { checkInvariants } from './invariants.ts';
import { stepUnit } from './names.ts';
import { park } from './park.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

/** So many readings in a row may be bad before the soak has failed: one hiccup is not a verdict. */
const badInARow = 3;
/** Keeps the history bounded, whatever the policy says: a reading is about eleven events. */
const maxReadings = 300;

/**
 * Watches for a while: a gate is looked at again and again, and at the end the invariants too. A
 * missing reading counts as a bad one: absence of data is never good news.
 */
export async function runSoak<I, O>(
  context: RunContext,
  soak: RunPolicy['soak'],
  ref: StepRef<I, O>,
  input: I,
): Promise<void> {
  await safePoint(context);
  const record: StepRecord = {
    title: `soak for ${Math.round(soak.durationMs / 1000)} s`,
    step: ref.name,
    state: 'running',
    changed: false,
  };
  context.runRecord.steps.push(record);
  const startedAt = Date.now();
  const unit = stepUnit(context.runRecord.steps.length);
  const look = async (proof = false): Promise<{ done: boolean; summary: string }> => {
    const seen = await execute(context, { title: record.title, ref, mode: 'inspect', input, unit, proof });
    record.after = seenOf(seen).after;
    return { done: seen.verdict === 'done', summary: seen.summary };
  };
  const proveDone = () => look(true);
  for (;;) {
    const trouble = await watch(context, record, soak, look);
    if (!trouble) break;
    record.state = 'failed';
    const resolution = await park(context, { title: record.title, step: record.step, trouble, proveDone });
    if (resolution.action === 'skip') {
      record.state = 'skipped';
      record.note = resolution.proof ?? '';
      return;
    }
  }
  record.state = 'unchanged';
  record.ms = Date.now() - startedAt;
  context.runRecord.show();
  await checkInvariants(context);
}

async function watch(
  context: RunContext,
  record: StepRecord,
  soak: RunPolicy['soak'],
  look: () => Promise<{ done: boolean; summary: string }>,
): Promise<TroubleRecord | undefined> {
  const everyMs = Math.max(soak.everyMs, soak.durationMs / maxReadings);
  let watchedMs = 0;
  let lastAt = Date.now();
  let good = 0;
  let bad = 0;
  record.state = 'running';
  for (;;) {
    await safePoint(context);
    // A run cancelled past its point of no return ends its soak here; it still ends as cancelled.
    if (context.cancelled) throw new Ending('cancelled');
    const reading = await read(look);
    if (reading.declined) return reading.declined;
    if (reading.done) {
      good += 1;
      bad = 0;
    } else bad += 1;
    record.summary = `${good} good readings; last: ${reading.summary}`;
    context.runRecord.show();
    if (bad >= badInARow)
      return simpleTrouble('SOAK_FAILED', `${bad} bad readings in a row; last: ${reading.summary}`, {
        last: record.after,
      });
    // Time that nobody watched (a pause, no worker) doesn't count.
    watchedMs += Math.min(Date.now() - lastAt, 2 * everyMs);
    lastAt = Date.now();
    const left = soak.durationMs - watchedMs;
    if (left <= 0 && bad === 0) return undefined;
    const waitMs = bad > 0 ? everyMs : Math.max(1, Math.min(everyMs, left));
    await condition(() => interrupted(context) || context.cancelled || context.controls.pauseAsked, waitMs, {
      summary: `soak: ${good} good readings`,
    });
  }
}

/** `declined`: the worker goes by another platform file, which says nothing of what is watched. */
async function read(
  look: () => Promise<{ done: boolean; summary: string }>,
): Promise<{ done: boolean; summary: string; declined?: TroubleRecord }> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Ending) throw error;
    const trouble = troubleOf(error);
    const summary = `no reading: ${trouble.code}: ${trouble.message}`;
    return { done: false, summary, ...(trouble.code === 'PLATFORM_CHANGED' ? { declined: trouble } : {}) };
  }
}
