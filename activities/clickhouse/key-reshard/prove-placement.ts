import type { KeyReshardData, ReshardMove } from '../../../src/runs/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { bucketShares, keysOf } from '../keys/buckets.ts';

type Placed = {
  rows: Readonly<Record<string, number>>;
  strays: readonly { shard: string; partition: string; rows: number }[];
};

/** `only`: the splits that were made, where others are left to the next run; then these are proven. */
type Proof = KeyReshardData & { only?: readonly ReshardMove[] };

/** Reads the key of every row of every shard: none of another shard's buckets. It changes nothing. */
export const provePlacement = defineStep<Proof, Placed, ClickHouseDeps>({
  name: 'clickhouse.prove-placement',
  probe: async ({ cluster, table, placed, only }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const { keys } = keysOf(tableOf(access, table), table);
    const rows: Record<string, number> = {};
    const strays: { shard: string; partition: string; rows: number }[] = [];
    for (const { shard, partition, bucket, rows: count } of await bucketShares(access, table, keys, signal)) {
      rows[shard] = (rows[shard] ?? 0) + count;
      if (placed[bucket] === shard) continue;
      if (
        only &&
        !only.some((one) => one.from === shard && one.partition === partition && one.buckets.includes(bucket))
      )
        continue;
      const known = strays.find((one) => one.shard === shard && one.partition === partition);
      if (known) known.rows += count;
      else strays.push({ shard, partition, rows: count });
    }
    const seen = { rows, strays: strays.slice(0, 20) };
    const words = Object.entries(rows)
      .map(([shard, count]) => `${count} on ${shard}`)
      .join(', ');
    if (strays.length === 0 && only)
      return done(seen, `what was to go is gone from ${only.length} partitions: ${words}`);
    if (strays.length === 0) return done(seen, `every row is on the shard of its key: ${words}`);
    const [first] = strays;
    const where = `${first?.rows} rows of ${first?.partition} on ${first?.shard}`;
    return blocked(
      'CLICKHOUSE_ROWS_MISPLACED',
      seen,
      `${where} belong elsewhere${strays.length > 1 ? `, and ${strays.length - 1} more` : ''}`,
    );
  },
});
