import { performance } from 'node:perf_hooks';
import type {
  ClickHouseNode,
  DiskFacts as ServerDisk,
  MutationFacts,
  PartitionFacts,
  QueueEntry,
  ReplicaFacts,
  TableName,
} from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { NoReading } from '../../../src/planning/clickhouse/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { withServer } from '../access/access.ts';

/** A table on one server. */
export type TableReading = {
  /** As the server writes it: `ReplicatedMergeTree`. */
  engine: string;
  /** Columns, keys and engine, without what differs from shard to shard: equal everywhere, or an ALTER is half done. */
  structure: string;
  replica: ReplicaFacts;
  queue: readonly QueueEntry[];
  mutations: readonly MutationFacts[];
  partitions: readonly PartitionFacts[];
  /** How often each partition was read of late; undefined where the server doesn't say. */
  reads: ReadonlyMap<string, number> | undefined;
  /** The disks that the parts of each partition lie on; empty where the server doesn't say. */
  disksOf: ReadonlyMap<string, ReadonlySet<string>>;
  keeperMs: number;
  /** Whether the server can cap what its fetches take. */
  capsFetches: boolean;
};

/** One server, everything of it read over one connection, or why it wasn't. */
export type ServerReading = { server: string; shard: number } & (
  | {
      problem?: never;
      /** undefined where the server can't say. */
      disks: readonly ServerDisk[] | undefined;
      /** Of all its tables: what parts take up, those included that are about to go. */
      usedBytes: number;
      tables: ReadonlyMap<string, TableReading | NoReading>;
    }
  | { problem: NoReading }
);

/** Reads these tables on every server of the cluster, all servers at once. A server's failure is a fact, not an error. */
export function readServers(
  access: ClickHouseClusterAccess,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<ServerReading[]> {
  return Promise.all(
    access.config.nodes.map(async ({ name: server, shard }): Promise<ServerReading> => {
      const read = async (node: ClickHouseNode) => {
        const seen = new Map<string, TableReading | NoReading>();
        for (const table of tables) seen.set(table, await caught(() => readTable(node, tableName(table))));
        const usedBytes = (await node.usage()).reduce((sum, { bytes }) => sum + bytes, 0);
        return { disks: await node.disks(), usedBytes, tables: seen };
      };
      const seen = await caught(() => withServer(access, server, read, { signal }));
      return 'code' in seen ? { server, shard, problem: seen } : { server, shard, ...seen };
    }),
  );
}

/** What was read, or the catalogue error that it met. */
async function caught<T>(read: () => Promise<T>): Promise<T | NoReading> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return { code: error.code, message: error.message };
  }
}

async function readTable(node: ClickHouseNode, name: TableName): Promise<TableReading> {
  const full = `${name.database}.${name.table}`;
  const table = await node.table(name);
  if (!table) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `it has no table ${full}`);
  const replica = await node.replica(name);
  if (!replica) throw new GantryError('CLICKHOUSE_ENGINE_UNSUPPORTED', `${full} is a ${table.engine}, not replicated`);
  const columns = await node.columns(name);
  const startedAt = performance.now();
  // Any question that only ZooKeeper can answer.
  await node.blockNumbers({ ...name, partitionId: 'gantry' }, replica.zookeeperPath);
  const keeperMs = performance.now() - startedAt;
  const disksOf = new Map<string, Set<string>>();
  if ((await node.capabilities()).partColumns.has('disk_name')) {
    for (const { partitionId, disk } of await node.parts(name)) {
      disksOf.set(partitionId, (disksOf.get(partitionId) ?? new Set()).add(disk));
    }
  }
  return {
    engine: table.engine,
    structure: JSON.stringify([
      columns.map(({ name: column, type, defaultKind }) => [column, type, defaultKind]),
      [table.partitionKey, table.sortingKey, table.primaryKey],
      // The path in ZooKeeper and the replica's name may be written out.
      table.engineFull.replace(/^(Replicated\w+)\('(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*'/, '$1('),
    ]),
    replica,
    queue: await node.replicationQueue(name),
    mutations: (await node.mutations(name)).filter(({ done }) => !done),
    partitions: await node.partitions(name),
    reads: await readsOf(node, name),
    disksOf,
    keeperMs,
    capsFetches: await node.capsFetches(),
  };
}

/** A whole week: what is read on some weekday is in it. */
const heatDays = 7;

async function readsOf(node: ClickHouseNode, name: TableName): Promise<TableReading['reads']> {
  const reads = await node.partitionReads(name, heatDays);
  return reads && new Map(reads.map(({ partitionId, reads: count }) => [partitionId, count]));
}
