import { maxSplits, misplacedRows } from '../../../src/planning/clickhouse/index.ts';
import type { KeyReshardData, ReshardMove } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { bucketShares, keysOf } from '../keys/buckets.ts';

/** What lies elsewhere than the rule says, now that it is in force. */
export const findMisplaced = defineStep<
  KeyReshardData,
  { moves: readonly ReshardMove[]; left: number },
  ClickHouseDeps
>({
  name: 'clickhouse.find-misplaced',
  probe: async ({ cluster, table, placed }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const { keys } = keysOf(tableOf(access, table), table);
    const all = misplacedRows(await bucketShares(access, table, keys, signal), placed);
    // What a shard gives away first is in the way of a second split of the same partition: the larger one goes.
    const moves = all
      .filter((one) =>
        all.every(
          (other) =>
            other === one || other.partition !== one.partition || other.from !== one.from || before(one, other),
        ),
      )
      .slice(0, maxSplits);
    const rows = moves.reduce((sum, move) => sum + move.rows, 0);
    const left = all.length - moves.length;
    return done(
      { moves, left },
      `${rows} rows in ${moves.length} splits${left > 0 ? `; ${left} are left to the next run` : ''}`,
    );
  },
});

function before(one: ReshardMove, other: ReshardMove): boolean {
  return one.rows > other.rows || (one.rows === other.rows && one.to < other.to);
}
