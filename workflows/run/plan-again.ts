import type { Plan, TroubleRecord } from '../../src/runs/index.ts';
import { planDifferences } from '../../src/runs/index.ts';
import type { Planned, RunContext } from './context.ts';
import { Ending } from './ending.ts';
import { simpleTrouble } from './trouble.ts';

/**
 * Makes a plan again, since time has passed or the platform file has changed. Where it is the same plan, the run goes by the
 * platform file that it has now been made from. Answers what differs otherwise.
 * @throws Ending `refused` when there is no plan any more
 */
export async function planAgain(context: RunContext, { plan, again }: Planned): Promise<TroubleRecord | undefined> {
  const now = await again();
  if (now.hash !== plan.hash) return changed(plan, now);
  context.platformDigest = now.platformDigest;
  context.runRecord.goesBy(now.platformDigest);
  return undefined;
}

/**
 * Whether a run that a worker's other platform file has stopped may go by that file. Answers why not: another plan comes of it,
 * or none.
 */
export async function adoptPlatform(context: RunContext): Promise<TroubleRecord | undefined> {
  const planned = context.plans.at(-1);
  if (!planned) return undefined;
  try {
    return await planAgain(context, planned);
  } catch (error) {
    if (!(error instanceof Ending) || error.outcome !== 'refused' || !error.trouble) throw error;
    const { code, message, problems, evidence } = error.trouble;
    const why = `with the platform file of the workers the plan cannot be made again: ${code}: ${message}`;
    return { ...simpleTrouble('PLATFORM_CHANGED', why, evidence), problems };
  }
}

function changed(plan: Plan<unknown>, now: Plan<unknown>): TroubleRecord {
  const differs = planDifferences(plan, now);
  const message = `the plan of this run is ${plan.hash}; made again it is ${now.hash}: ${now.title}. What differs: ${differs.join('; ')}`;
  return simpleTrouble('PLAN_CHANGED', message, {
    ...{ planned: plan.title, now: now.title, differs },
    platformDigest: { planned: plan.platformDigest, now: now.platformDigest },
  });
}
