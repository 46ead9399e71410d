import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { auditFolder, folderAudit } from '../../src/audit/index.ts';
import { conformance } from '../../activities/host/conformance/index.ts';
import type { HostAccess, HostDeps } from '../../activities/host/index.ts';
import { createControlActivities } from '../../activities/run/index.ts';
import { fleetPlatform, region, serialOf } from '../../bench/host/platform.ts';
import { playedActivities } from '../../bench/host/played.ts';
import type { Ssh } from '../../src/drivers/ssh/index.ts';
import { folderStore } from '../../src/drivers/reports/folder-store.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { Platform } from '../../src/platform/index.ts';
import { hostInventory, parsePlatform, platformDigests } from '../../src/platform/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { memoryPayloads } from './payloads.ts';
import { playNodes } from './played-nodes.ts';
import type { TestServer } from './temporal.ts';

export type FleetRig = { taskQueue: string; stop: () => Promise<void> };

/**
 * The workflows and the admission of production over a pool of `hosts` played hosts. `failing`: those whose first run fails, by
 * their number. `asked`: kinds that are asked for where they are started alone. A run of host.conformance finds every host silent, and a
 * Node for each.
 */
export async function startFleetRig(
  { client, native: connection, stateDir }: TestServer,
  hosts: number,
  failing: readonly number[] = [],
  asked?: readonly string[],
): Promise<FleetRig> {
  const taskQueue = 'fleet';
  const platform = parsePlatform(fleetPlatform(stateDir, hosts, asked), 'fleet.yaml');
  const payloads = memoryPayloads();
  const reports = folderStore(join(stateDir, 'reports'));
  const runtime = { ...platformDigests(platform.platform), payloads };
  const audit = folderAudit(auditFolder(join(stateDir, 'reports')));
  const control = createControlActivities({
    ...{ platform, client, notifier: async () => undefined, reports, payloads, audit },
  });
  const play = { commandMs: 1, jitterMs: 0, looks: 1, acts: 1, failing: new Set(failing.map(serialOf)) };
  const activities = { ...playedActivities(platform, runtime, play), ...silentHosts(platform.platform, runtime) };
  const codePath = await buildBundle();
  const workers = await Promise.all([
    Worker.create({ connection, taskQueue, workflowBundle: { codePath } }),
    Worker.create({ connection, taskQueue: controlQueue(taskQueue), activities: control }),
    Worker.create({ connection, taskQueue: domainQueue(taskQueue, 'host'), activities }),
    Worker.create({ connection, taskQueue: domainQueue(taskQueue, 'host', region), activities }),
  ]);
  const runs = workers.map((worker) => worker.run());
  return {
    taskQueue,
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}

/** What a run of host.conformance is made of, over hosts that do not answer. */
function silentHosts(platform: Platform, runtime: StepRuntime) {
  const serials = Object.keys(platform.hosts.inventory);
  const nodes = playNodes();
  for (const serial of serials) nodes.set(hostInventory(platform, serial).config.node, {});
  const ssh: Ssh = { where: 'nowhere', run: () => Promise.reject(new GantryError('SSH_FAILED', 'no answer')) };
  const hosts = (serial: string): HostAccess => {
    const { config, class: hostClass } = hostInventory(platform, serial);
    return { serial, config, class: hostClass, ssh, fresh: (use) => use(ssh) };
  };
  const deps: HostDeps = {
    ...{ hosts, nodes: () => nodes, fleet: () => ({ serials, quarantine: 'taint' }) },
    ...{ inventory: platform.hosts, log: createLog('silent') },
  };
  return serve(conformance, deps, runtime);
}
