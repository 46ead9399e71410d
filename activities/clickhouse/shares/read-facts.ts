import type { PartitionFacts as ServerPartition } from '../../../src/drivers/clickhouse/index.ts';
import type {
  EngineFamily,
  Finding,
  PartitionFacts,
  PartitionFlag,
  RebalanceFacts,
  ReplicaFacts,
} from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseTable } from '../../../src/platform/index.ts';
import { shardName, tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { disksOf } from '../servers/judge.ts';
import { placementOf } from './placement.ts';
import type { ServerReading, TableReading } from '../servers/read.ts';

/** The facts as far as they could be read, and everything that keeps a plan from resting on them. */
export type FactsRead = { facts: RebalanceFacts; findings: readonly Finding[] };

/** The readings of a cluster's servers → what a planner of moves needs to know of a table. Nothing is assumed of what wasn't read. */
export async function readFacts(
  access: ClickHouseClusterAccess,
  given: { cluster: string; table: string; config: ClickHouseTable; nowMs: number },
  servers: readonly ServerReading[],
  signal: AbortSignal,
): Promise<FactsRead> {
  const { cluster, table, config, nowMs } = given;
  const read = servers.flatMap((one) => {
    const seen = one.problem ? undefined : one.tables.get(table);
    return seen && !('code' in seen) ? [{ ...one, seen }] : [];
  });
  const [first] = read;
  const engine = first?.seen.engine ?? 'unknown engine';
  const placement = await placementOf(access, config.distributed, table, signal);
  const shards = Array.from({ length: access.config.shards }, (_, at) => {
    const number = at + 1;
    const ofShard = servers.filter(({ shard }) => shard === number);
    const tables = read.filter(({ shard }) => shard === number).map(({ seen }) => seen);
    return {
      name: shardName(number),
      weight: shareOf(access, config, number),
      replicas: ofShard.map((one): ReplicaFacts => {
        if (one.problem) return { name: one.server, problem: one.problem };
        const disks = disksOf(one, access.config, config.tier);
        return 'code' in disks ? { name: one.server, problem: disks } : { name: one.server, disks };
      }),
      partitions: partitionsOf(tables, config, nowMs),
    };
  });
  return {
    facts: {
      cluster,
      table: { ...nameOf(table), engine, family: familyOf(engine), sharding: placement.sharding },
      nowMs,
      shards,
    },
    findings: [
      ...placement.findings,
      ...servers.flatMap((one): Finding[] => {
        const seen = one.problem ? undefined : one.tables.get(table);
        return seen && 'code' in seen ? [{ ...seen, place: one.server }] : [];
      }),
      ...(first
        ? read
            .filter(({ seen }) => seen.structure !== first.seen.structure)
            .map(({ server }): Finding => {
              const message = `${table} on ${server} has other columns, keys or settings than on ${first.server}`;
              return { code: 'CLICKHOUSE_STRUCTURE_DIFFERS', message, place: server };
            })
        : []),
      ...read
        .filter(({ seen }) => seen.replica.readOnly || seen.replica.sessionExpired)
        .map(({ server }): Finding => {
          return { code: 'CLICKHOUSE_TABLE_READ_ONLY', message: `${table} is read-only on ${server}`, place: server };
        }),
    ],
  };
}

/** Nothing is to be kept on a shard that takes no new rows. */
export function shareOf({ config }: ClickHouseClusterAccess, { weights }: ClickHouseTable, shard: number): number {
  return weights[String(shard)] ?? (config.membership.weights[String(shard)] === 0 ? 0 : 1);
}

function nameOf(full: string): { database: string; name: string } {
  const { database, table } = tableName(full);
  return { database, name: table };
}

const families: Readonly<Record<string, EngineFamily>> = {
  ReplicatedMergeTree: 'plain',
  ReplicatedAggregatingMergeTree: 'aggregating',
  ReplicatedSummingMergeTree: 'summing',
  ReplicatedReplacingMergeTree: 'replacing',
  ReplicatedCollapsingMergeTree: 'collapsing',
  ReplicatedVersionedCollapsingMergeTree: 'collapsing',
};

function familyOf(engine: string): EngineFamily {
  return families[engine] ?? 'unknown';
}

/** The partitions of one shard, as all its replicas have them. */
function partitionsOf(
  tables: readonly TableReading[],
  { maxPartitionBytes, tier }: ClickHouseTable,
  nowMs: number,
): PartitionFacts[] {
  const ids = new Set(tables.flatMap(({ partitions }) => partitions.map(({ partitionId }) => partitionId)));
  const mutating = tables.some(({ mutations }) => mutations.length > 0);
  return [...ids].sort().map((id) => {
    const seen = tables.map(({ partitions }) => partitions.find(({ partitionId }) => partitionId === id));
    const there = seen.filter((one) => one !== undefined);
    const disks = [...new Set(tables.flatMap(({ disksOf: of }) => [...(of.get(id) ?? [])]))].sort();
    const bytes = Math.max(...there.map((one) => one.bytes));
    const flags: PartitionFlag[] = [
      ...(mutating ? (['mutation-running'] as const) : []),
      ...(there.length < seen.length || new Set(there.map(({ rows }) => rows)).size > 1
        ? (['replicas-differ'] as const)
        : []),
      ...(bytes > maxPartitionBytes ? (['too-big-to-drop'] as const) : []),
      ...(disks.length > 1 ? (['spans-tiers'] as const) : []),
    ];
    return {
      id,
      rows: Math.max(...there.map(({ rows }) => rows)),
      bytes,
      parts: Math.max(...there.map(({ parts }) => parts)),
      tier: disks[0] ?? tier ?? 'unknown',
      ...newestWrite(there, nowMs),
      ...heatOf(tables, id),
      open: false,
      flags,
    };
  });
}

/** Each replica knows what was read on it alone. A shard that has a replica which doesn't say has no heat at all. */
function heatOf(tables: readonly TableReading[], id: string): { heat?: number } {
  const known = tables.flatMap(({ reads }) => (reads ? [reads.get(id) ?? 0] : []));
  return known.length < tables.length ? {} : { heat: known.reduce((sum, count) => sum + count, 0) };
}

/**
 * A merge counts as a write: what it wrote last is the latest that an insert can have come. Each replica tells the age by the
 * clock that dated the part; below 0 it tells nothing.
 */
function newestWrite(seen: readonly ServerPartition[], nowMs: number): { newestWriteMs?: number } {
  const seconds = Math.min(...seen.map(({ ageSeconds }) => ageSeconds));
  return seconds < 0 ? {} : { newestWriteMs: nowMs - seconds * 1_000 };
}
