import type { Worker } from '@temporalio/worker';
import type { ClickHouseClusterAccess } from '../activities/clickhouse/access/access.ts';
import { clickhouseClusterAccess } from '../activities/clickhouse/access/access.ts';
import type { ClickHouseDeps } from '../activities/clickhouse/access/access.ts';
import type { PartitionNow } from '../activities/archive/access/known-partition.ts';
import { knownPartitions } from '../activities/archive/access/known-partition.ts';
import { clickhouseClocks } from '../activities/clickhouse/servers/clocks.ts';
import { createClickHouseActivities } from '../activities/clickhouse/index.ts';
import { clickhouseCluster, platformDigests } from '../src/platform/index.ts';
import type { PayloadStore } from '../src/runs/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import { archives } from './archive-access.ts';
import type { WorkerContext } from './context.ts';
import { domainWorkers } from './domain.ts';
import { payloadStore } from './payloads.ts';

/**
 * The steps of the clickhouse domain. It has the passwords of the ClickHouse clusters; and, where a family is backed up in an
 * archive, the key that reads it.
 */
export async function clickhouseWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, log } = context;
  const clusters = clickhouseClusters(context);
  const payloads = payloadStore(platform);
  const names = Object.keys(platform.platform.clickhouse.clusters);
  const activities = createClickHouseActivities({
    clusters,
    archived: archivedBy(context, payloads),
    runtime: { ...platformDigests(platform.platform), payloads },
    log,
  });
  return domainWorkers(context, 'clickhouse', activities, () => clickhouseClocks(clusters, names));
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

/** Whether an archive has a partition; what was read of its newest manifest is kept between questions. */
function archivedBy(context: WorkerContext, payloads: PayloadStore): NonNullable<ClickHouseDeps['archived']> {
  const accessTo = archives(context);
  const asked = new Map<string, ReturnType<typeof knownPartitions>>();
  return ({ archive, ...of }: PartitionNow & { archive: string }, signal) => {
    const ask = asked.get(archive) ?? knownPartitions(accessTo(archive), payloads);
    asked.set(archive, ask);
    return ask(of, signal);
  };
}
