import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';

/** Tables of a server that have rows, those included that a materialized view keeps for itself: `database.name`. */
export async function filledTables(node: Pick<ClickHouseNode, 'usage'>): Promise<string[]> {
  const usage = await node.usage();
  return usage.flatMap(({ database, table, activeBytes }) =>
    activeBytes > 0 && database !== 'system' ? [`${database}.${table}`] : [],
  );
}
