import { planRollout, planRolloutAll, regionAsMeant } from '../../../src/planning/region/index.ts';
import type { PlannedRegion } from '../../../src/planning/region/index.ts';
import { digestOf } from '../../../src/platform/index.ts';
import type { PlanCall, RegionRolloutAllInput } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookAtRegion } from '../facts/look-at-region.ts';

/**
 * Plans every region as its own run will, one after the other. It changes nothing.
 * @throws every finding of every region at once, REGION_UNKNOWN, EC2_…, KUBERNETES_…
 */
export const rolloutAllPlan = definePlan(
  'region.rollout-all',
  async ({ input }: PlanCall<RegionRolloutAllInput>, deps: RegionDeps, signal) => {
    const { window = 1, withHosts = false } = input;
    const all: PlannedRegion[] = [];
    for (const region of new Set(input.only ?? deps.regions())) {
      const { meant, facts } = await lookAtRegion(deps, region, {}, signal);
      const waves = meant.components.flatMap(({ wave, rendered }) => (rendered ? [wave] : []));
      const digest = digestOf(regionAsMeant(meant, { withHosts }));
      all.push({ region, waves, digest, planning: planRollout(meant, facts, { withHosts }) });
    }
    return planRolloutAll(all, { window, withHosts });
  },
);
