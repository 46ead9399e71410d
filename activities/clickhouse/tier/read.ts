import type { ClickHouseConnectOptions, ClickHouseNode, TableFacts } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { TierFacts, TierPartition, TierServer } from '../../../src/planning/clickhouse/index.ts';
import { tableTtl } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { withServer } from '../access/access.ts';
import type { Level } from './level.ts';
import { nameOf } from './level.ts';

/** The table on every server, without proofs and digests: cheap, from system tables alone. @throws CLICKHOUSE_UNKNOWN_TABLE */
export async function readTier(
  access: ClickHouseClusterAccess,
  level: Level,
  connect: ClickHouseConnectOptions,
): Promise<TierFacts> {
  const { table, before } = level.intent;
  const seen: Seen[] = [];
  const finer = new Set<string>();
  for (const { name, shard } of access.config.nodes) {
    await withServer(
      access,
      name,
      async (node) => {
        seen.push(await readServerOf(node, name, shard, level));
        const ofBefore = before === undefined ? [] : await node.partitions(nameOf(before));
        for (const { partitionId } of ofBefore) finer.add(partitionId);
      },
      connect,
    );
  }
  const engines = new Set(seen.map(({ engine }) => engine));
  if (engines.size > 1) {
    throw new GantryError('CLICKHOUSE_STRUCTURE_DIFFERS', `${table} is ${[...engines].join(' and ')} on its servers`);
  }
  // The servers' own time, of the one that is furthest behind: a day must be over on all of them.
  const nowMs = Math.min(...seen.map(({ clockMs }) => clockMs));
  return {
    nowMs,
    servers: seen.map(({ server }) => server),
    partitions: joined(seen, nowMs),
    finer: [...finer].sort(),
  };
}

/** Whether merges change the rows of a table, so that its digest is that of the merged rows. */
export function mergesRows(engine: string): boolean {
  return !/^(Replicated)?MergeTree$/.test(engine);
}

export async function mustHave(node: ClickHouseNode, server: string, full: string): Promise<TableFacts> {
  const table = await node.table(nameOf(full));
  if (table) return table;
  throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `${server} has no table ${full}`, {
    evidence: { server, table: full },
  });
}

type Seen = {
  engine: string;
  clockMs: number;
  server: TierServer;
  partitions: { id: string; quietMs: number; bytesOn: Record<string, number> }[];
};

async function readServerOf(node: ClickHouseNode, name: string, shard: number, level: Level): Promise<Seen> {
  const { table } = level.intent;
  const named = nameOf(table);
  const { engine, engineFull, partitionKey } = await mustHave(node, name, table);
  const time = level.config.levels[level.index]?.time;
  const timeType = (await node.columns(named)).find((column) => column.name === time)?.type ?? '';
  const storage = await node.storage(named);
  const disks = storage && (await node.disks());
  const ttl = tableTtl(engineFull);
  const { policy } = level.intent;
  const wanted = storage && policy !== undefined ? await node.storagePolicy(policy) : undefined;
  const parts = await node.parts(named);
  return {
    engine,
    clockMs: await node.clock(),
    server: {
      ...{ name, shard, partitionKey, timeType },
      ...(ttl === undefined ? {} : { ttl }),
      ...(storage && disks ? { storage: { ...storage, disks, ...(wanted ? { wanted } : {}) } } : {}),
    },
    partitions: (await node.partitions(named)).map(({ partitionId, ageSeconds }) => {
      const bytesOn: Record<string, number> = {};
      for (const part of parts.filter((one) => one.partitionId === partitionId))
        bytesOn[part.disk] = (bytesOn[part.disk] ?? 0) + part.bytes;
      return { id: partitionId, quietMs: ageSeconds * 1_000, bytesOn };
    }),
  };
}

/** One partition over all servers: the newest write of any copy counts. */
function joined(seen: readonly Seen[], nowMs: number): TierPartition[] {
  const ids = [...new Set(seen.flatMap(({ partitions }) => partitions.map(({ id }) => id)))].sort();
  return ids.map((id) => {
    const copies = seen.flatMap(({ server, partitions }) =>
      partitions.filter((one) => one.id === id).map((one) => ({ server: server.name, ...one })),
    );
    return {
      id,
      newestWriteMs: nowMs - Math.min(...copies.map(({ quietMs }) => quietMs)),
      copies: copies.map(({ server, bytesOn }) => ({ server, bytesOn })),
    };
  });
}
