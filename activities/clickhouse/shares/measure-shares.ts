import type { Finding, RebalanceFacts } from '../../../src/planning/clickhouse/index.ts';
import { shardName } from '../../../src/runs/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { planAround, readTableFacts, rebalancePolicy } from './plan-around.ts';

/** `empty`: the shard that is to have nothing at the end, by its number. */
export type SharesInput = { cluster: string; tables: readonly string[]; empty?: number };

/** How a table stands: moves that a rebalance would make now, what the shard that is to be empty still has, and why. */
type TableShares = {
  table: string;
  moves: number;
  left: number;
  leftRows: number;
  /** Of what is left, those that may still take rows: when the first of them is closed, from now. Milliseconds. */
  closesInMs?: number;
  why: readonly string[];
};

export type SharesSeen = {
  tables: readonly TableShares[];
  /** Partitions of the shard that is to be empty, by table: what has been moved away is looked for in `detached` later. */
  partitions: Readonly<Record<string, readonly string[]>>;
  waitMs: number;
};

/**
 * What there is to move now. Where a shard is to be emptied: what it still has, for how long one has to wait for what may
 * still take rows; what can neither move nor is waited for stops the run until somebody has looked after it.
 */
export const measureShares = defineStep<SharesInput, SharesSeen, ClickHouseDeps>({
  name: 'clickhouse.measure-shares',
  settleMs: 45_000,
  settleEveryMs: 1_000,
  probe: async ({ cluster, tables, empty }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const seen: TableShares[] = [];
    const partitions: Record<string, string[]> = {};
    const unread: string[] = [];
    for (const table of tables) {
      const config = tableOf(access, table);
      const { facts, findings } = await readTableFacts(access, config, { cluster, table }, signal);
      unread.push(...findings.map(({ code, message }) => `${table}: ${code}: ${message}`));
      const policy = rebalancePolicy(config, access.config.shards);
      const planning = await planAround(access, facts, policy, table, signal, findings.length === 0);
      const emptied = empty === undefined ? undefined : shardName(empty);
      const here = facts.shards.find(({ name }) => name === emptied)?.partitions ?? [];
      partitions[table] = here.map(({ id }) => id);
      const closesInMs = firstClose(facts, partitions[table], config.closedAfterMs);
      seen.push({
        ...{ table, moves: planning.ok ? planning.plan.moves.length : 0, left: here.length },
        leftRows: here.reduce((sum, { rows }) => sum + rows, 0),
        ...(closesInMs === undefined ? {} : { closesInMs }),
        why: planning.ok ? [] : inWords(planning.findings),
      });
    }
    return verdict(seen, partitions, unread, empty);
  },
  // Nothing to do but to look again until it can be read.
  apply: async () => undefined,
});

function verdict(
  tables: readonly TableShares[],
  partitions: SharesSeen['partitions'],
  unread: readonly string[],
  empty: number | undefined,
): Probe<SharesSeen> {
  const waits = tables.flatMap(({ closesInMs }) => (closesInMs === undefined ? [] : [closesInMs]));
  const seen: SharesSeen = { tables, partitions, waitMs: waits.length > 0 ? Math.min(...waits) : 0 };
  const [first] = unread;
  if (first !== undefined) return todo(seen, `no plan without a sound reading: ${unread.slice(0, 4).join('; ')}`);
  const words = tables.map((one) => tableInWords(one, empty));
  const stuck = tables.filter((one) => one.left > 0 && one.moves === 0 && one.closesInMs === undefined);
  if (empty !== undefined && stuck.length > 0) {
    const text = stuck.map(
      ({ table, left, why }) => `${table}: ${left} partitions stay on shard ${empty}: ${why.join('; ')}`,
    );
    return blocked('CLICKHOUSE_NOTHING_MOVABLE', seen, text.join('; '));
  }
  return done(seen, words.join('; ') || 'no table to look at');
}

function tableInWords({ table, moves, left, leftRows, why }: TableShares, empty: number | undefined): string {
  const there =
    empty === undefined ? '' : `, ${left} partitions (${leftRows.toLocaleString('en')} rows) on shard ${empty}`;
  const because = moves === 0 && why.length > 0 ? ` (${why.join('; ')})` : '';
  return `${table}: ${moves} partitions to move${there}${because}`;
}

/** When the first of these partitions that is open now is closed, if nobody writes to it on any shard. */
function firstClose(
  { shards, nowMs }: RebalanceFacts,
  ids: readonly string[],
  closedAfterMs: number,
): number | undefined {
  const left = ids.flatMap((id) => {
    const written = shards.flatMap(({ partitions }) =>
      partitions.filter((one) => one.id === id).map(({ newestWriteMs }) => newestWriteMs ?? nowMs),
    );
    const ms = Math.max(...written) + closedAfterMs - nowMs;
    return ms > 0 ? [ms] : [];
  });
  return left.length > 0 ? Math.min(...left) : undefined;
}

function inWords(findings: readonly Finding[]): string[] {
  return findings.map(({ code, message }) => `${code}: ${message}`);
}
