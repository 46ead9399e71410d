import type { TroubleRecord } from '../../src/runs/index.ts';
import { troubleOf } from '../../src/errors/index.ts';
import type { Invariant, RunContext } from './context.ts';
import { Ending } from './ending.ts';
import { execute } from './execute.ts';
import { park } from './park.ts';

/** Between two steps of the body: a safe point, then the look. Past the point of no return it parks, too. */
export async function recheck(context: RunContext): Promise<void> {
  await context.stand();
  await checkInvariants(context);
}

/** After a pause or a long wait: looks again at what earlier steps made; what no longer holds parks the run. */
export async function checkInvariants(context: RunContext): Promise<void> {
  for (const invariant of context.invariants) await checkInvariant(context, invariant);
}

async function checkInvariant(context: RunContext, invariant: Invariant): Promise<void> {
  const { title, record } = invariant;
  const held = { ...record };
  let trouble = await drift(context, invariant);
  while (trouble) {
    Object.assign(record, { state: 'failed', summary: `${trouble.code}: ${trouble.message}` });
    const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
      const seen = await execute(context, { ...invariant, mode: 'inspect', proof: true });
      return { done: seen.verdict === 'done', summary: seen.summary };
    };
    const resolution = await park(context, { title, step: invariant.ref.name, trouble, proveDone });
    if (resolution.action === 'skip') {
      Object.assign(record, { state: 'skipped', note: resolution.proof ?? '' });
      context.runRecord.show();
      return;
    }
    record.state = 'running';
    context.runRecord.show();
    trouble = await remake(context, invariant);
    if (!trouble) Object.assign(record, held);
  }
  context.runRecord.show();
}

async function drift(context: RunContext, invariant: Invariant): Promise<TroubleRecord | undefined> {
  try {
    const seen = await execute(context, { ...invariant, mode: 'inspect' });
    if (seen.verdict === 'done') return undefined;
    return {
      code: 'DRIFTED',
      message: `"${invariant.title}" no longer holds: ${seen.summary}`,
      hint: 'Find out who changed it. `gantry retry` does the step again.',
      problems: [],
      evidence: { now: seen.after },
    };
  } catch (error) {
    if (error instanceof Ending) throw error;
    return troubleOf(error);
  }
}

/** `retry` of a drift makes the step again. */
async function remake(context: RunContext, invariant: Invariant): Promise<TroubleRecord | undefined> {
  try {
    await execute(context, { ...invariant, mode: 'ensure' });
    return undefined;
  } catch (error) {
    if (error instanceof Ending) throw error;
    return troubleOf(error);
  }
}
