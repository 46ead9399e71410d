import { planFleetOnboard } from '../../../src/planning/host/index.ts';
import { hostPool } from '../../../src/platform/index.ts';
import type { HostFleetOnboardInput, PlanCall } from '../../../src/runs/index.ts';
import { listLimits } from '../../../src/runs/index.ts';
import { definePlan, storeList } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';

/** What a host takes besides its burn-in: a guess (reboot 10 min, disks, network and services 10 min). Milliseconds. */
const besidesBurnInMs = 20 * 60_000;

/**
 * Plans which hosts of a pool are taken in, in which order, how many at once. It asks no host: each run plans for its own.
 * @throws every finding at once, PAYLOAD_UNWRITABLE
 */
export const fleetOnboardPlan = definePlan(
  'host.fleet-onboard',
  async ({ input }: PlanCall<HostFleetOnboardInput>, { inventory }: HostDeps, _signal, { payloads }) => {
    const { zone, serials } = input;
    const { classes, fleet } = inventory;
    const config = Object.hasOwn(classes, input.class) ? classes[input.class] : undefined;
    const { cpuMs = 0, memoryMs = 0, diskMs = 0 } = config?.burnIn ?? {};
    const planning = planFleetOnboard(
      {
        ...{ zone, class: input.class, ...(serials ? { serials } : {}) },
        window: Math.min(input.window ?? fleet.window, listLimits.window),
        maxFailures: input.maxFailures ?? fleet.maxFailures,
        ...{ perRack: fleet.perRack, perLink: fleet.perLink, hostMs: cpuMs + memoryMs + diskMs + besidesBurnInMs },
      },
      hostPool(inventory, zone, input.class),
    );
    if (!planning.ok) return planning;
    const { draft, data, items } = planning;
    // The same list has the same digest: planned again, it is the same plan.
    return { ok: true, draft: { ...draft, data: { ...data, hosts: await storeList(payloads, items) } } };
  },
);
