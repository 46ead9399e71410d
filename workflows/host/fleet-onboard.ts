import type { HostActivities } from '../../activities/host/index.ts';
import type { HostFleetOnboardInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { onBehalf } from '../run/on-behalf.ts';
import { openRun } from '../run/open-run.ts';

const host = domainRefs<HostActivities, 'host'>('host');

/**
 * Takes the hosts of a pool in, each by a run of host.onboard, a window of them at once. It holds the pool; its approval
 * covers the runs of its hosts. Runbook: docs/host/fleet-onboard.md.
 */
export async function hostFleetOnboard(input: HostFleetOnboardInput): Promise<RunReport> {
  return openRun('host.fleet-onboard', input, async (run) => {
    const plan = await run.plan(host.planFleetOnboard, input);
    const { zone, hosts, window, maxFailures, limits } = plan.data;
    await run.approval(plan);

    const tally = await run.list(`take in the hosts of ${zone}`, {
      ...{ items: hosts, as: 'host.onboard', common: onBehalf(input), window, maxFailures, limits },
    });
    run.measure('hosts', tally.total);
    run.measure('hostsDone', tally.done);
    run.measure('hostsChanged', tally.changed);
  });
}
