import { planRollout } from '../../../src/planning/region/index.ts';
import type { PlanCall, RegionRolloutInput } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookAtRegion } from '../facts/look-at-region.ts';

/**
 * Looks at the account and the cluster of a region, has the API server try what is to be applied, and plans. It changes nothing.
 * @throws every finding at once, REGION_UNKNOWN, EC2_…, KUBERNETES_…
 */
export const rolloutPlan = definePlan(
  'region.rollout',
  async ({ input: { region, ...extent } }: PlanCall<RegionRolloutInput>, deps: RegionDeps, signal) => {
    const { meant, facts } = await lookAtRegion(deps, region, extent, signal);
    return planRollout(meant, facts, extent);
  },
);
