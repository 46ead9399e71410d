import type { ProcedureTable } from '../../../src/steps/index.ts';
import { rolloutAllPlan } from './plan.ts';

/** What a run of region.rollout-all is made of, besides the runs of its regions. */
export const rolloutAll = { regionPlanRolloutAll: rolloutAllPlan } satisfies ProcedureTable<'region.rollout-all'>;
