import type { ProcedureTable } from '../../../src/steps/index.ts';
import { compareComponents } from './compare-components.ts';
import { compareEdge } from './compare-edge.ts';
import { compareNetwork } from './compare-network.ts';
import { driftPlan } from './plan.ts';

/** What a run of region.drift is made of. */
export const drift = {
  regionPlanDrift: driftPlan,
  regionCompareNetwork: compareNetwork,
  regionCompareComponents: compareComponents,
  regionCompareEdge: compareEdge,
} satisfies ProcedureTable<'region.drift'>;
