import type { Worker } from '@temporalio/worker';
import type { ClickHouseClusterAccess } from '../activities/clickhouse/access.ts';
import { clickhouseClusterAccess } from '../activities/clickhouse/access.ts';
import { createClickHouseActivities } from '../activities/clickhouse/index.ts';
import { clickhouseCluster } from '../src/platform/index.ts';
import { domainQueue } from '../src/runs/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';
import { createWorker } from './worker.ts';

/** The steps of the clickhouse domain. It has the passwords of the ClickHouse clusters and nothing else. */
export async function clickhouseWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, log, taskQueue } = context;
  const activities = createClickHouseActivities({
    clusters: clickhouseClusters(context),
    runtime: { platformDigest: platform.digest },
    log,
  });
  return [await createWorker(context, { taskQueue: domainQueue(taskQueue, 'clickhouse'), activities })];
}

/** How a worker reaches the clusters of its platform file. */
export function clickhouseClusters({
  platform,
  env,
  wrapDriver,
}: WorkerContext): (name: string) => ClickHouseClusterAccess {
  return (name) => {
    const config = clickhouseCluster(platform.platform, name);
    const access = clickhouseClusterAccess(name, config, (ref) => resolveSecret(ref, env));
    return {
      ...access,
      connect: async (node, options) => wrapDriver('clickhouse', await access.connect(node, options)),
      ingest: (...given) => wrapDriver('ingest', access.ingest(...given)),
      membership: (...given) => wrapDriver('membership', access.membership(...given)),
    };
  };
}
