import { planConformance } from '../../../src/planning/host/index.ts';
import type { HostConformanceInput, PlanCall } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';

/** Which hosts a run looks at. It asks none. @throws HOST_UNKNOWN */
export const conformancePlan = definePlan(
  'host.conformance',
  ({ input: { hosts } }: PlanCall<HostConformanceInput>, { fleet }: HostDeps) =>
    Promise.resolve(planConformance({ hosts, ...fleet(hosts) })),
);
