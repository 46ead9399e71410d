import { definePlan } from '../../../src/steps/index.ts';
import type { PlacementRule } from '../../../src/drivers/clickhouse/index.ts';
import type { Finding, RebalanceFacts } from '../../../src/planning/clickhouse/index.ts';
import { maxSplits, misplacedRows, planReshard, splitFindings } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseKeyReshardInput, KeyReshardData, PlanCall, ReshardMove } from '../../../src/runs/index.ts';
import { shardName, shardNumber, tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { serversOf, tableOf, withServer } from '../access/access.ts';
import { detachedOn } from '../shares/detached.ts';
import { fenceInWords, readTableFacts } from '../shares/plan-around.ts';
import { bucketShares, keysOf, slotsOf } from '../keys/buckets.ts';
import { listedName } from '../cluster/read-shards.ts';

/** A bucket is copied into staging and attached from there: hard links, but for a moment of both. */
const policy = { stagingFactor: 2, copyBytesPerSecond: 50e6, bucketOverheadMs: 0 };

/** `approved`: the placement that somebody has approved already, to be kept if it still holds. */
export type ReshardPlanInput = ClickHouseKeyReshardInput & { approved?: readonly string[] };

/** Reads where the rows of every bucket are, and plans. @throws CLICKHOUSE_NOT_KEY_SHARDED, and every finding at once */
export const keyReshardPlan = definePlan(
  'clickhouse.key-reshard',
  async ({ input }: PlanCall<ReshardPlanInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const config = tableOf(access, input.table);
    const { keys, distributed } = keysOf(config, input.table);
    const read = await readTableFacts(access, config, input, signal);
    // Servers that place rows another way are what the run fixes.
    const findings = read.findings.filter(({ code }) => code !== 'CLICKHOUSE_PLACEMENT_UNKNOWN');
    const uniform = findings.length === read.findings.length;
    const { facts } = read;
    const { family, engine } = facts.table;
    const unsupported: Finding[] =
      family === 'plain'
        ? []
        : [
            {
              code: 'CLICKHOUSE_ENGINE_UNSUPPORTED',
              message: `${input.table} is a ${engine}: Gantry does not know what its merges do to the rows of a split partition`,
              place: input.table,
            },
          ];
    const [server] = access.config.nodes;
    const columns = server
      ? await withServer(access, server.name, (node) => node.columns(tableName(input.table)), { signal })
      : [];
    if (columns.some(({ name, type }) => name === keys.column && type.includes('Nullable('))) {
      const message = `${keys.column} may be NULL: a row without a key has no bucket, and would be in neither copy of a split`;
      unsupported.push({ code: 'CLICKHOUSE_PLACEMENT_UNKNOWN', message, place: input.table });
    }
    if (findings.length + unsupported.length > 0) return { ok: false, findings: [...findings, ...unsupported] };
    const slots = await slotsOf(access, listedName(access, input.cluster), signal);
    const now =
      server && (await withServer(access, server.name, (node) => node.placement(tableName(distributed)), { signal }));
    const placed = now && sameKeys(now, keys) ? placedBy(now, slots) : undefined;
    const sharding = facts.table.sharding;
    const shares = await bucketShares(access, input.table, keys, signal);
    const planning = planReshard(
      {
        ...{ cluster: facts.cluster, shards: shardsOf(facts) },
        table: { ...facts.table, sharding: { kind: 'key', expression: `${keys.hash}(${keys.column})` } },
        shares,
        rowBytes: Object.fromEntries(facts.shards.map((shard) => [shard.name, rowBytes(shard)])),
        ...(placed && uniform ? { placed } : {}),
        rule: uniform && sharding.kind === 'key' ? sharding.expression : 'not the same on every server',
      },
      policy,
      {
        ...{ distributed, buckets: keys.buckets, fence: fenceInWords(config.fence) },
        fenced: config.fence.kind !== 'quiet',
        open: openPartitions(facts, config.closedAfterMs),
        ...(input.approved ? { approved: input.approved } : {}),
      },
    );
    if (!planning.ok) return planning;
    const moves = misplacedRows(shares, planning.draft.data.placed);
    const detached = await detachedOf(access, input.table, moves.slice(0, maxSplits), signal);
    const later = splitFindings({ moves, shards: facts.shards, detached, maxPartitionBytes: config.maxPartitionBytes });
    return later.length > 0 ? { ok: false, findings: later } : ofTakers(planning, slots);
  },
);

/** The splits whose source has parts of the partition in `detached` on any of its servers. */
async function detachedOf(
  access: ClickHouseClusterAccess,
  table: string,
  moves: readonly ReshardMove[],
  signal: AbortSignal,
): Promise<Pick<ReshardMove, 'from' | 'partition'>[]> {
  const found = await Promise.all(
    [...new Set(moves.map(({ from }) => from))].map(async (from) => {
      const partitions = moves.flatMap((move) => (move.from === from ? [move.partition] : []));
      const servers = serversOf(access, shardNumber(from));
      const ids = await Promise.all(servers.map((server) => detachedOn(access, server, table, partitions, signal)));
      return [...new Set(ids.flat())].map((partition) => ({ from, partition }));
    }),
  );
  return found.flat();
}

/** A shard that takes no rows by its weight can be given no key either. */
function ofTakers<P extends { ok: true; draft: { data: KeyReshardData } }>(
  planning: P,
  slots: ReadonlyMap<number, number>,
): P | { ok: false; findings: Finding[] } {
  const without = [...new Set(planning.draft.data.placed)].filter((shard) => !slots.has(shardNumber(shard)));
  if (without.length === 0) return planning;
  const message = `${without.join(', ')} is to get keys, and has the weight 0 in \`remote_servers\`: no value of a key leads there`;
  return { ok: false, findings: [{ code: 'CLICKHOUSE_PLACEMENT_UNKNOWN', message }] };
}

function sameKeys(
  now: PlacementRule,
  { hash, column, buckets }: PlacementRule | Omit<PlacementRule, 'values'>,
): boolean {
  return now.hash === hash && now.column === column && now.buckets === buckets;
}

/** The shard of each bucket, by name; undefined where a value belongs to no shard. */
function placedBy({ values }: PlacementRule, slots: ReadonlyMap<number, number>): string[] | undefined {
  const byValue = [...slots].sort(([, a], [, b]) => b - a);
  const names = values.flatMap((value) => {
    const shard = byValue.find(([, slot]) => value >= slot)?.[0];
    return shard === undefined ? [] : [shardName(shard)];
  });
  return names.length === values.length ? names : undefined;
}

function shardsOf({ shards }: RebalanceFacts): { name: string; weight: number; freeBytes: number }[] {
  return shards.map(({ name, weight, replicas }) => {
    const free = replicas.map(({ disks = [] }) => disks.reduce((sum, disk) => sum + disk.freeBytes, 0));
    return { name, weight, freeBytes: free.length > 0 ? Math.min(...free) : 0 };
  });
}

function rowBytes({ partitions }: RebalanceFacts['shards'][number]): number {
  const [bytes, rows] = [sumOf(partitions, 'bytes'), sumOf(partitions, 'rows')];
  return rows > 0 ? bytes / rows : 0;
}

function sumOf(list: readonly { bytes: number; rows: number }[], of: 'bytes' | 'rows'): number {
  return list.reduce((sum, one) => sum + one[of], 0);
}

/** Written to within the time after which a partition counts as closed, on any shard. */
function openPartitions({ shards, nowMs }: RebalanceFacts, closedAfterMs: number): ReadonlySet<string> {
  return new Set(
    shards.flatMap(({ partitions }) =>
      partitions
        .filter(({ newestWriteMs }) => newestWriteMs === undefined || nowMs - newestWriteMs < closedAfterMs)
        .map(({ id }) => id),
    ),
  );
}
