import { planDrift } from '../../../src/planning/region/index.ts';
import type { PlanCall, RegionDriftInput } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { meantOf } from '../components/meant.ts';

/** What a region is compared with. It asks neither AWS nor the cluster. @throws every finding at once, REGION_UNKNOWN */
export const driftPlan = definePlan(
  'region.drift',
  async ({ input: { region } }: PlanCall<RegionDriftInput>, deps: RegionDeps) => {
    const { meant, findings } = await meantOf(deps, region);
    return planDrift(meant, findings);
  },
);
