import type { FiguresQuery, FiguresScope, TableName } from '../../../src/drivers/clickhouse/index.ts';
import type { ClickHouseFamily } from '../../../src/platform/index.ts';
import type { TierIntent } from '../../../src/planning/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';

/** A table as a level of its family: which family, and which of its levels. */
export type Level = { family: string; config: ClickHouseFamily; index: number; intent: TierIntent };

/** What the platform file says of a table's tier. @throws CLICKHOUSE_NO_FAMILY, CLICKHOUSE_UNKNOWN_TABLE */
export function levelOf({ config }: ClickHouseClusterAccess, cluster: string, table: string): Level {
  const { family, of, index } = placeOf(config.families, cluster, table);
  const [before, here, next] = [of.levels[index - 1], of.levels[index], of.levels[index + 1]];
  const retention = here && config.retentions[here.retention];
  const tier = retention && config.tiers[retention.tier];
  const declared = config.tables[table];
  if (!here || !retention || !tier || !declared) {
    throw new GantryError('CLICKHOUSE_NO_FAMILY', `the level of ${table} is not whole in the platform file`);
  }
  const intent: TierIntent = {
    ...{ cluster, table, family },
    ...{ level: here.retention, keepMs: retention.keepMs, tier: retention.tier },
    volume: tier.volume ?? tier.temperature,
    ...(before ? { before: before.table } : {}),
    ...(next ? { next: next.table } : {}),
    closedAfterMs: declared.closedAfterMs,
    ...{ maxMoves: of.maxMoves, maxExpiries: of.maxExpiries, reserve: of.reserve },
    ...(of.backup.kind === 'none' ? { noBackup: of.backup.accepted } : {}),
    ...(of.storagePolicy === undefined ? {} : { policy: of.storagePolicy }),
  };
  return { family, config: of, index, intent };
}

function placeOf(
  families: Readonly<Record<string, ClickHouseFamily>>,
  cluster: string,
  table: string,
): { family: string; of: ClickHouseFamily; index: number } {
  for (const [family, of] of Object.entries(families)) {
    const index = of.levels.findIndex((level) => level.table === table);
    if (index >= 0) return { family, of, index };
  }
  const known = Object.values(families).flatMap(({ levels }) => levels.map((level) => level.table));
  const rest = known.length === 0 ? 'the platform file has none' : `known: ${known.sort().join(', ')}`;
  throw new GantryError('CLICKHOUSE_NO_FAMILY', `${table} is not a level of a family of ${cluster}; ${rest}`, {
    evidence: { cluster, table },
  });
}

/** How the rows of one level of a family are added up. */
export function figuresOf({ config }: Pick<Level, 'config'>, index: number, scope: FiguresScope): FiguresQuery {
  const level = config.levels[index];
  const called = (name: string): string => level?.columns[name] ?? name;
  return {
    time: level?.time ?? 'time',
    ...(level?.count === undefined ? {} : { count: level.count }),
    sums: config.sums.map(called),
    keys: config.keys.map(called),
    scope,
  };
}

/** `metrics.samples_m5` → its database and its table. */
export function nameOf(full: string): TableName {
  const dot = full.indexOf('.');
  return { database: full.slice(0, dot), table: full.slice(dot + 1) };
}
