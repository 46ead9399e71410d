import { planRetire } from '../../../src/planning/region/index.ts';
import type { PlanCall, RegionRetireQuestion } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookForRetire } from './facts.ts';

/**
 * Looks at what is there of a region, and plans what one stage of its retirement takes away. It changes nothing.
 * @throws every finding at once, REGION_UNKNOWN, EC2_…, AWS_…, KUBERNETES_…
 */
export const retirePlan = definePlan(
  'region.retire',
  async ({ input }: PlanCall<RegionRetireQuestion>, deps: RegionDeps, signal) => {
    const { region, withData = false, at } = input;
    const of = { stage: at?.stage ?? 'edge', withData } as const;
    const { meant, facts } = await lookForRetire(deps, region, of, signal);
    return planRetire(meant, facts, of);
  },
);
