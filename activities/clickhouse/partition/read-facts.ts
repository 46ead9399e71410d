import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { MoveFacts, MoveServerFacts, MoveServerReading } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseMoveInput, MovedBlocks } from '../../../src/runs/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { serversOf, withServer } from '../access/access.ts';
import { quietSeconds } from './move.ts';

/** What both shards say of the table and the partition. A server that doesn't answer is a fact too. */
export async function readMoveFacts(
  access: ClickHouseClusterAccess,
  { table, partition, from, to, back }: ClickHouseMoveInput,
  signal: AbortSignal,
): Promise<MoveFacts> {
  const read = (shard: number, moved?: MovedBlocks): Promise<MoveServerFacts[]> =>
    Promise.all(
      serversOf(access, shard).map(async (name) => {
        try {
          return {
            name,
            reading: await withServer(access, name, (node) => ask(node, table, partition, moved), { signal }),
          };
        } catch (error) {
          if (!(error instanceof GantryError) || signal.aborted) throw error;
          return { name, problem: { code: error.code, message: error.message } };
        }
      }),
    );
  const [source, target] = await Promise.all([read(from, back?.moved), from === to ? [] : read(to)]);
  return { source, target };
}

async function ask(
  node: ClickHouseNode,
  full: string,
  partitionId: string,
  moved: MovedBlocks | undefined,
): Promise<MoveServerReading> {
  const name = tableName(full);
  const [table, replica] = [await node.table(name), await node.replica(name)];
  if (!table) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${full}`);
  if (!replica) throw new GantryError('CLICKHOUSE_ENGINE_UNSUPPORTED', `${full} is a ${table.engine}: not replicated`);
  const [partitions, queue, mutations, disks] = [
    await node.partitions(name),
    await node.replicationQueue(name),
    await node.mutations(name),
    await node.disks(),
  ];
  const own = partitions.find((one) => one.partitionId === partitionId);
  return {
    structure: await structureOf(node, full),
    engine: table.engine,
    zookeeperPath: replica.zookeeperPath,
    leader: replica.leader,
    readOnly: replica.readOnly,
    sessionExpired: replica.sessionExpired,
    queued: queue.filter(({ type }) => type !== 'MERGE_PARTS').length,
    totalReplicas: replica.totalReplicas,
    activeReplicas: replica.activeReplicas,
    mutations: mutations.filter(({ done }) => !done).length,
    detached: replica.readOnly ? false : await node.hasDetached({ ...name, partitionId }),
    capsFetches: await node.capsFetches(),
    rows: own?.rows ?? 0,
    bytes: own?.bytes ?? 0,
    parts: own?.parts ?? 0,
    ...(own ? { quietSeconds: moved ? quietSeconds(await node.parts(name, partitionId), moved) : own.ageSeconds } : {}),
    ...(disks ? { freeBytes: Math.min(...disks.map(({ freeBytes }) => freeBytes)) } : {}),
  };
}

/** Columns and keys; the paths and names in the engine's first two arguments are each server's own. */
async function structureOf(node: ClickHouseNode, full: string): Promise<string> {
  const name = tableName(full);
  const [table, columns] = [await node.table(name), await node.columns(name)];
  const engine = table?.engineFull.replace(/\('(?:[^'\\]|\\.)*', '(?:[^'\\]|\\.)*'/, '(…');
  const sorted = columns.map(({ name: column, type, defaultKind }) => `${column} ${type} ${defaultKind}`).sort();
  return [engine, table?.partitionKey, table?.sortingKey, table?.primaryKey, ...sorted].join('\n');
}
