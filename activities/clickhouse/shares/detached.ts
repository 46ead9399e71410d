import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { withServer } from '../access/access.ts';

/**
 * Which of these partitions have parts in `detached` on any server of the cluster: what a person took out, or what an earlier
 * move left for its undo. Asked of few: where there is no table of them, each question is a statement that fails.
 */
export async function detachedAmong(
  access: ClickHouseClusterAccess,
  table: string,
  partitions: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const servers = access.config.nodes.map(({ name }) => name);
  return new Set((await Promise.all(servers.map((one) => detachedOn(access, one, table, partitions, signal)))).flat());
}

/** The same of one server. */
export async function detachedOn(
  access: ClickHouseClusterAccess,
  server: string,
  table: string,
  partitions: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const name = tableName(table);
  const ask = async (node: ClickHouseNode): Promise<string[]> => {
    const listed = await node.detachedParts(name);
    if (listed) return partitions.filter((id) => listed.some((part) => part.partitionId === id));
    const found: string[] = [];
    for (const partitionId of partitions) if (await node.hasDetached({ ...name, partitionId })) found.push(partitionId);
    return found;
  };
  return withServer(access, server, ask, { signal });
}
