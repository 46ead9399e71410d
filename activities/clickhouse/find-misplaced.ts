import { misplacedRows } from '../../src/planning/clickhouse/index.ts';
import type { KeyReshardData, ReshardMove } from '../../src/runs/index.ts';
import { tableName } from '../../src/runs/index.ts';
import { defineStep, done } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { tableOf, withServers } from './access.ts';
import { bucketShares, keysOf } from './read-buckets.ts';

/** Partitions that took rows within `closedAfter` and whose writers can be held: none where the fence is `quiet`. */
export const findOpen = defineStep<KeyReshardData, { open: readonly string[] }, ClickHouseDeps>({
  name: 'clickhouse.find-open',
  probe: async ({ cluster, table }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const { fence, closedAfterMs } = tableOf(access, table);
    if (fence.kind === 'quiet') return done({ open: [] }, 'nobody can be held');
    const names = access.config.nodes.map(({ name }) => name);
    const lists = await withServers(
      access,
      names,
      (nodes) => Promise.all(nodes.map((node) => node.partitions(tableName(table)))),
      { signal },
    );
    const newest = new Map<string, number>();
    for (const { partitionId, modifiedSeconds } of lists.flat())
      newest.set(partitionId, Math.max(newest.get(partitionId) ?? 0, modifiedSeconds * 1_000));
    const open = [...newest].flatMap(([id, ms]) => (Date.now() - ms < closedAfterMs ? [id] : [])).sort();
    return done({ open }, open.length > 0 ? `${open.join(', ')} took rows a moment ago` : 'no partition takes rows');
  },
});

/** What lies elsewhere than the rule says, now that it is in force. */
export const findMisplaced = defineStep<KeyReshardData, { moves: readonly ReshardMove[] }, ClickHouseDeps>({
  name: 'clickhouse.find-misplaced',
  probe: async ({ cluster, table, placed }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const { keys } = keysOf(tableOf(access, table), table);
    const all = misplacedRows(await bucketShares(access, table, keys, signal), placed);
    // What a shard gives away first is in the way of a second split of the same partition: the larger one goes.
    const moves = all.filter((one) =>
      all.every(
        (other) => other === one || other.partition !== one.partition || other.from !== one.from || before(one, other),
      ),
    );
    const rows = moves.reduce((sum, move) => sum + move.rows, 0);
    const left = all.length - moves.length;
    return done(
      { moves },
      `${rows} rows in ${moves.length} splits${left > 0 ? `; ${left} are left to the next run` : ''}`,
    );
  },
});

function before(one: ReshardMove, other: ReshardMove): boolean {
  return one.rows > other.rows || (one.rows === other.rows && one.to < other.to);
}
