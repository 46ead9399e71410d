import type { BucketRule } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BucketShare } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseTable, TableKeys } from '../../../src/platform/index.ts';
import { shardName, tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { serversOf, withServer } from '../access/access.ts';

/** What the platform file says of a table's keys. @throws CLICKHOUSE_NOT_KEY_SHARDED, CLICKHOUSE_PLACEMENT_UNKNOWN */
export function keysOf(config: ClickHouseTable, table: string): { keys: TableKeys; distributed: string } {
  const { keys, distributed } = config;
  if (!keys) {
    throw new GantryError(
      'CLICKHOUSE_NOT_KEY_SHARDED',
      `the platform file names no \`keys\` by which ${table} is placed`,
    );
  }
  if (distributed === undefined) {
    throw new GantryError('CLICKHOUSE_PLACEMENT_UNKNOWN', `the platform file names no Distributed table over ${table}`);
  }
  return { keys, distributed };
}

/** The rows of every bucket in every partition of every shard, as its first server has them. Reads the key's column once. */
export async function bucketShares(
  access: ClickHouseClusterAccess,
  table: string,
  rule: BucketRule,
  signal: AbortSignal,
): Promise<BucketShare[]> {
  const shards = Array.from({ length: access.config.shards }, (_, at) => at + 1);
  const read = await Promise.all(
    shards.map(async (shard) => {
      const [server] = serversOf(access, shard);
      if (server === undefined) return [];
      const rows = await withServer(access, server, (node) => node.bucketRows(tableName(table), rule), { signal });
      return rows.map(({ partitionId, bucket, rows: count }): BucketShare => {
        return { shard: shardName(shard), partition: partitionId, bucket, rows: count };
      });
    }),
  );
  return read.flat();
}

/**
 * The value of the sharding key at which rows come to each shard: a shard takes as many values as its weight in
 * `remote_servers`, in the order of the shards; one of weight 0 has none.
 * @throws CLICKHOUSE_UNKNOWN_CLUSTER where a server lists other shards than the platform file
 */
export async function slotsOf(
  access: ClickHouseClusterAccess,
  name: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const lists = await Promise.all(
    access.config.nodes.map(async ({ name: server }) => {
      const members = await withServer(access, server, (node) => node.cluster(name), { signal });
      const weights = new Map(members.map(({ shard, weight }) => [shard, weight]));
      const listed = [...weights].sort(([a], [b]) => a - b);
      if (listed.length === access.config.shards) return listed;
      const words = listed.map(([shard]) => shard).join(', ') || 'none';
      throw new GantryError(
        'CLICKHOUSE_UNKNOWN_CLUSTER',
        `${server} lists the shards ${words} of ${name}; the platform file has ${access.config.shards}`,
      );
    }),
  );
  if (new Set(lists.map((list) => JSON.stringify(list))).size > 1) {
    throw new GantryError('CLICKHOUSE_PLACEMENT_UNKNOWN', `the servers of ${name} do not list the same weights`);
  }
  const slots = new Map<number, number>();
  let next = 0;
  for (const [shard, weight] of lists[0] ?? []) {
    // To a shard without a weight no value leads: its place would be the next one's.
    if (weight > 0) slots.set(shard, next);
    next += weight;
  }
  return slots;
}
