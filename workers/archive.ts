import type { Worker } from '@temporalio/worker';
import { createArchiveActivities } from '../activities/archive/index.ts';
import { platformDigests } from '../src/platform/index.ts';
import { domainQueue } from '../src/runs/index.ts';
import { archives } from './archive-access.ts';
import { clickhouseClusters } from './clickhouse.ts';
import type { WorkerContext } from './context.ts';
import { payloadStore } from './payloads.ts';
import { recoveries } from './recovery.ts';
import { redisGroups } from './redis.ts';
import { createWorker } from './worker.ts';

/** The steps of the archive domain. It has the keys of the object store, and the passwords of what it reads. */
export async function archiveWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, log, taskQueue } = context;
  const archive = archives(context);
  const activities = createArchiveActivities({
    archives: archive,
    recovery: recoveries(context, (name, options) => archive(name).store(options)),
    clusters: clickhouseClusters(context),
    groups: redisGroups(context),
    runtime: { ...platformDigests(platform.platform), payloads: payloadStore(platform) },
    log,
  });
  return [await createWorker(context, { taskQueue: domainQueue(taskQueue, 'archive'), activities })];
}
