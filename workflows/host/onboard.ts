import type { HostActivities } from '../../activities/host/index.ts';
import type { HostOnboardInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

/** What a run made, and looks at again after a reboot. */
const made = { undo: true, invariant: true } as const;

/** Takes one bare host into the platform. It holds the host. Runbook: docs/host/onboard.md. */
export async function hostOnboard(input: HostOnboardInput): Promise<RunReport> {
  return openRun('host.onboard', input, async (run) => {
    // Hosts are reached from within their region.
    const host = domainRefs<HostActivities, 'host'>('host', run.region);
    const plan = await run.plan(host.planOnboard, input);
    const { serial, generation, wipes, network, services } = plan.data;
    const of = { serial, generation };
    await run.approval(plan);
    await run.step(`prove that this is ${serial}`, host.verifyIdentity, of, made);
    await run.step('compare it with its class', host.checkHardware, of);
    await run.step('clear the disks', host.clearDisks, { ...of, wipes }, { profile: 'slow' });
    await run.step('make the array', host.assembleArray, of, { ...made, profile: 'slow' });
    await run.step('partition the array', host.partitionArray, of, made);
    await run.step('make the file system', host.makeFilesystem, of, { ...made, profile: 'slow' });
    await run.step('mount the VM storage', host.mountStorage, of, made);
    if (network)
      await run.step('bond the uplinks', host.changeNetwork, { ...of, ...network }, { ...made, profile: 'slow' });
    await run.step('harden the host', host.hardenHost, of, { ...made, profile: 'slow' });
    const rebooted = await run.step('reboot the host', host.rebootHost, of, {
      profile: 'patient',
      leavesNothing: true,
    });
    if (rebooted?.changed) await run.recheck();
    for (const unit of services)
      await run.step(`start ${unit}`, host.startService, { ...of, unit }, { ...made, profile: 'slow' });
    await run.step('burn in', host.burnIn, of, { undo: true, profile: 'watched' });
    await run.step('register the Node', host.registerNode, of, { undo: true, profile: 'slow' });
    await run.step('admit the Node', host.admitNode, of, { undo: true, profile: 'watched' });
  });
}
