import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { tableName } from '../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from './access.ts';
import { withServer } from './access.ts';

/**
 * Which of these partitions have parts in `detached` on any server of the cluster: what a person took out, or what an earlier
 * move left for its way back. Asked of few: where there is no table of them, each question is a statement that fails.
 */
export async function detachedAmong(
  access: ClickHouseClusterAccess,
  table: string,
  partitions: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const name = tableName(table);
  const found = new Set<string>();
  const ask = async (node: ClickHouseNode): Promise<void> => {
    const listed = await node.detachedParts(name);
    for (const partitionId of partitions) {
      if (
        listed
          ? listed.some((part) => part.partitionId === partitionId)
          : await node.hasDetached({ ...name, partitionId })
      )
        found.add(partitionId);
    }
  };
  await Promise.all(access.config.nodes.map((node) => withServer(access, node.name, ask, { signal })));
  return found;
}
