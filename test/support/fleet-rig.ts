import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { auditFolder, folderAudit } from '../../src/audit/index.ts';
import { createControlActivities } from '../../activities/run/index.ts';
import { fleetPlatform, serialOf } from '../../bench/host/platform.ts';
import { playedActivities } from '../../bench/host/played.ts';
import { folderStore } from '../../src/drivers/reports/folder-store.ts';
import { parsePlatform, platformDigests } from '../../src/platform/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { memoryPayloads } from './payloads.ts';
import type { TestServer } from './temporal.ts';

export type FleetRig = { taskQueue: string; stop: () => Promise<void> };

/**
 * The workflows and the admission of production over a pool of `hosts` played hosts. `failing`: those whose first run fails, by
 * their number. `asked`: kinds that are asked for where they are started alone.
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
  const codePath = await buildBundle(fileURLToPath(new URL('../../bench/host/workflows.ts', import.meta.url)));
  const workers = await Promise.all([
    Worker.create({ connection, taskQueue, workflowBundle: { codePath } }),
    Worker.create({ connection, taskQueue: controlQueue(taskQueue), activities: control }),
    Worker.create({
      ...{ connection, taskQueue: domainQueue(taskQueue, 'host') },
      activities: playedActivities(platform, runtime, play),
    }),
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
