import { planRebalance } from '../../../src/planning/clickhouse/index.ts';
import type { RebalanceData, RebalanceShare } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { readTableFacts, rebalancePolicy } from '../shares/plan-around.ts';

/** `moved`: the moves that were made; `before`: the shares as they were planned from. */
export type ProveBalanceInput = Pick<RebalanceData, 'cluster' | 'table' | 'keepsRows'> & {
  moved: RebalanceData['moves'];
  before: readonly Pick<RebalanceShare, 'shard' | 'tier' | 'beforeBytes'>[];
};

export type BalanceSeen = {
  shards: readonly {
    shard: string;
    tier: string;
    beforeBytes: number;
    bytes: number;
    shareBytes: number;
    within: boolean;
  }[];
  /** Of the moved partitions, over all shards. */
  rowsBefore: number;
  rows: number;
  /** Moves that a next run would make. */
  movesLeft: number;
  /** What stays outside of its limits, and why. */
  left: readonly string[];
};

/** The proof at the end: nothing of what was moved is missing, and there is nothing left to move, or why not. */
export const proveBalance = defineStep<ProveBalanceInput, BalanceSeen, ClickHouseDeps>({
  name: 'clickhouse.prove-balance',
  settleMs: 30_000,
  settleEveryMs: 1_000,
  probe: async (input, { clusters }, { signal }) => {
    const access = await clusters(input.cluster);
    const config = tableOf(access, input.table);
    const { facts, findings } = await readTableFacts(access, config, input, signal);
    const planning = planRebalance(facts, rebalancePolicy(config, access.config.shards));
    const rowsNow = new Map<string, number>();
    for (const { partitions } of facts.shards)
      for (const { id, rows } of partitions) rowsNow.set(id, (rowsNow.get(id) ?? 0) + rows);
    const expected = new Map(input.moved.map(({ partition, totalRows }) => [partition, totalRows]));
    const bytes = (shard: string, tier: string): number =>
      facts.shards
        .filter(({ name }) => name === shard)
        .flatMap(({ partitions }) => partitions.filter((one) => one.tier === tier))
        .reduce((sum, one) => sum + one.bytes, 0);
    const shares = planning.ok ? planning.plan.shares : [];
    const seen: BalanceSeen = {
      shards: input.before.map(({ shard, tier, beforeBytes }) => {
        const share = shares.find((one) => one.shard === shard && one.tier === tier);
        const now = bytes(shard, tier);
        const within = share !== undefined && now >= share.lowBytes && now <= share.highBytes;
        return { shard, tier, beforeBytes, bytes: now, shareBytes: share?.shareBytes ?? 0, within };
      }),
      rowsBefore: sumOf(expected.values()),
      rows: sumOf([...expected.keys()].map((id) => rowsNow.get(id) ?? 0)),
      movesLeft: planning.ok ? planning.plan.moves.length : 0,
      left: planning.ok
        ? planning.plan.summary.slice(planning.plan.moves.length ? 0 : 1)
        : planning.findings.map(({ code, message }) => `${code}: ${message}`),
    };
    const unread = findings.map(({ code, message }) => `${code}: ${message}`);
    if (unread.length > 0) return todo(seen, `no proof without a sound reading: ${unread.join('; ')}`);
    const short = [...expected].filter(([id, rows]) => (rowsNow.get(id) ?? 0) < rows);
    if (input.keepsRows && short.length > 0) {
      const words = short.map(([id, rows]) => `${id} has ${rowsNow.get(id) ?? 0} of ${rows} rows`);
      return blocked('CLICKHOUSE_ROWS_DIFFER', seen, words.join('; '));
    }
    const behind = input.moved.filter(({ partition, from }) =>
      facts.shards.some(({ name, partitions }) => name === from && partitions.some(({ id }) => id === partition)),
    );
    const words = [
      `${seen.rows.toLocaleString('en')} rows in what was moved, ${seen.rowsBefore.toLocaleString('en')} before`,
      ...(behind.length
        ? [`late rows are again on the source of ${behind.map(({ partition }) => partition).join(', ')}`]
        : []),
      ...(seen.movesLeft ? [`${seen.movesLeft} more moves would be made by a next run`] : ['nothing is left to move']),
      ...seen.left,
    ];
    return done(seen, words.join('; '));
  },
  apply: async () => undefined,
});

function sumOf(values: Iterable<number>): number {
  return [...values].reduce((sum, value) => sum + value, 0);
}
