import type { TroubleRecord } from '../../src/runs/index.ts';
import { troubleOf } from '../../src/errors/index.ts';
import type { Invariant, RunContext } from './context.ts';
import { execute } from './execute.ts';
import { park } from './park.ts';

/** After a pause or a long wait: looks again at what earlier steps made; what no longer holds parks the run. */
export async function checkInvariants(context: RunContext): Promise<void> {
  for (const invariant of context.invariants) await checkInvariant(context, invariant);
}

async function checkInvariant(context: RunContext, invariant: Invariant): Promise<void> {
  const { title } = invariant;
  let trouble = await drift(context, invariant);
  while (trouble) {
    const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
      const seen = await execute(context, { ...invariant, mode: 'inspect' });
      return { done: seen.verdict === 'done', summary: seen.summary };
    };
    const resolution = await park(context, { title, step: invariant.ref.activity, trouble, proveDone });
    if (resolution.action === 'skip') return;
    trouble = await remake(context, invariant);
  }
}

async function drift(context: RunContext, invariant: Invariant): Promise<TroubleRecord | undefined> {
  try {
    const seen = await execute(context, { ...invariant, mode: 'inspect' });
    if (seen.verdict === 'done') return undefined;
    return {
      code: 'DRIFTED',
      message: `"${invariant.title}" no longer holds: ${seen.summary}`,
      hint: 'Find who changed it. `gantry retry` makes the step anew.',
      problems: [],
      evidence: { now: seen.after },
    };
  } catch (error) {
    return troubleOf(error);
  }
}

/** `retry` of a drift makes the step anew. */
async function remake(context: RunContext, invariant: Invariant): Promise<TroubleRecord | undefined> {
  try {
    await execute(context, { ...invariant, mode: 'ensure' });
    return undefined;
  } catch (error) {
    return troubleOf(error);
  }
}
