import type { DayFigures, FiguresScope } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RollupReading } from '../../../src/planning/clickhouse/index.ts';
import { addUp } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { serversOf, withServer } from '../access/access.ts';
import type { Level } from './level.ts';
import { figuresOf, nameOf } from './level.ts';

export type RollupOptions = {
  connect: ClickHouseConnectOptions;
  /** Of shards that have dropped the partition since it was proven: what it was there then. */
  gone?: RollupReading['here'];
};

/**
 * Both sides of the proof of one partition, from every replica of every shard: one that is behind, or has lost a part, must
 * not speak for the others.
 * @throws CLICKHOUSE_REPLICAS_DISAGREE, CLICKHOUSE_ROLLUP_INEXACT, what connecting gives
 */
export async function readRollup(
  access: ClickHouseClusterAccess,
  level: Level,
  partition: string,
  { connect, gone = [] }: RollupOptions,
): Promise<RollupReading> {
  const { config, index, intent } = level;
  if (intent.next === undefined) return { figures: [], here: [], next: [] };
  const here: RollupReading['here'][number][] = [];
  const next: DayFigures[] = [];
  for (let shard = 1; shard <= access.config.shards; shard += 1) {
    const known = gone.find((one) => one.shard === shard);
    here.push(
      known ?? { shard, days: await ofShard(access, shard, level, index, { partitionId: partition }, connect) },
    );
    const scope = partition.length === 8 ? { day: partition } : { month: partition };
    next.push(...(await ofShard(access, shard, level, index + 1, scope, connect)));
  }
  return { figures: ['count', ...config.sums], here, next: addUp(next) };
}

/** What all replicas of a shard say. */
async function ofShard(
  access: ClickHouseClusterAccess,
  shard: number,
  level: Level,
  index: number,
  scope: FiguresScope,
  connect: ClickHouseConnectOptions,
): Promise<readonly DayFigures[]> {
  const table = level.config.levels[index]?.table ?? '';
  const query = figuresOf(level, index, scope);
  const read: { server: string; days: readonly DayFigures[] }[] = [];
  for (const server of serversOf(access, shard)) {
    const days = await withServer(access, server, (node) => node.figures(nameOf(table), query), connect);
    read.push({ server, days });
  }
  const [first, ...others] = read;
  const other = others.find(({ days }) => JSON.stringify(days) !== JSON.stringify(first?.days));
  if (!other) return first?.days ?? [];
  throw new GantryError('CLICKHOUSE_REPLICAS_DISAGREE', `${first?.server} and ${other.server} differ about ${table}`, {
    evidence: { table, shard, [first?.server ?? '']: totals(first?.days ?? []), [other.server]: totals(other.days) },
  });
}

function totals(days: readonly DayFigures[]): Record<string, readonly string[]> {
  return Object.fromEntries(days.slice(0, 10).map(({ day, totals: figures }) => [day, figures]));
}
