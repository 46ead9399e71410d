import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';
import type { BackupReading } from '../../../src/planning/clickhouse/index.ts';
import type { BackupRowDigest } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { serversOf, withServer } from '../access/access.ts';
import { nameOf } from './level.ts';
import { mergesRows, mustHave } from './read.ts';

/**
 * Whether the newest backup of an archive that can be trusted has the very rows that each shard now has of a partition: their
 * digests are compared, and its objects are looked at. What cannot be asked is no backup.
 */
export async function archivedPartition(
  access: ClickHouseClusterAccess,
  { archived }: Pick<ClickHouseDeps, 'archived'>,
  of: { archive: string; cluster: string; table: string; partition: string },
  connect: ClickHouseConnectOptions & { signal: AbortSignal },
): Promise<BackupReading> {
  if (!archived) return { known: false, evidence: `this worker does not reach the archive ${of.archive}` };
  try {
    const shards = await digestsOf(access, of, connect);
    if (shards.length === 0) return { known: false, evidence: `no shard has a row of ${of.partition}` };
    return await archived({ ...of, shards }, connect.signal);
  } catch (error) {
    connect.signal.throwIfAborted();
    return { known: false, evidence: (error as Error).message };
  }
}

/** Of the first replica of each shard that has rows of it. Replicas that differ are found by the proof of the roll-up. */
async function digestsOf(
  access: ClickHouseClusterAccess,
  { table, partition }: { table: string; partition: string },
  connect: ClickHouseConnectOptions,
): Promise<{ shard: number; digest: BackupRowDigest }[]> {
  const found: { shard: number; digest: BackupRowDigest }[] = [];
  for (let shard = 1; shard <= access.config.shards; shard += 1) {
    const [server = ''] = serversOf(access, shard);
    const read = await withServer(
      access,
      server,
      async (node) => {
        const final = mergesRows((await mustHave(node, server, table)).engine);
        return { ...(await node.digest({ ...nameOf(table), partitionId: partition, final })), final };
      },
      connect,
    );
    if (read.rows > 0) found.push({ shard, digest: read });
  }
  return found;
}
