import { createHash } from 'node:crypto';
import type { ClickHouseNode, ColumnFacts, TableFacts } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { TableShard } from '../../../src/runs/index.ts';
import type { ClickHouseClusterAccess } from '../../clickhouse/access/access.ts';
import { serversOf } from '../../clickhouse/access/access.ts';
import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';

/** A replica that is further behind than this is not read from while another one is there. Seconds. */
const delayLimit = 60;

/**
 * Runs `use` with a replica of a shard that has all of a table: the last one that is sound, since clients mostly go to the
 * first. One that is behind is taken where there is no other.
 * @throws CLICKHOUSE_UNKNOWN_TABLE, CLICKHOUSE_NO_ACTIVE_REPLICA, and what connecting gives where no replica answers
 */
export async function withReplica<T>(
  access: ClickHouseClusterAccess,
  { table, shard }: Pick<TableShard, 'table' | 'shard'>,
  options: ClickHouseConnectOptions,
  use: (node: ClickHouseNode, facts: TableFacts, server: string) => Promise<T>,
): Promise<T> {
  const name = nameOf(table);
  const behind: string[] = [];
  let trouble: unknown;
  for (const server of [...serversOf(access, shard)].reverse()) {
    let node: ClickHouseNode;
    try {
      node = await access.connect(server, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      trouble = error;
      continue;
    }
    try {
      const facts = await node.table(name);
      if (!facts) {
        trouble ??= new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `${server} has no table ${table}`);
        continue;
      }
      const replica = await node.replica(name);
      if (replica && (replica.sessionExpired || replica.delaySeconds > delayLimit)) {
        behind.push(server);
        continue;
      }
      return await use(node, facts, server);
    } finally {
      await node.close();
    }
  }
  if (behind.length === 0) throw trouble;
  const message = `every replica of shard ${shard} of ${table} that answers is behind or cut off: ${behind.join(', ')}`;
  throw new GantryError('CLICKHOUSE_NO_ACTIVE_REPLICA', message, { evidence: { behind } });
}

/** `database.table` → its parts. */
export function nameOf(full: string): { database: string; table: string } {
  const dot = full.indexOf('.');
  return { database: full.slice(0, dot), table: full.slice(dot + 1) };
}

/** Engines whose merges change rows: their digest is that of the merged rows. */
export function mergesRows(engine: string): boolean {
  return !/^(Replicated)?MergeTree$/.test(engine);
}

/** What two exports must agree on before their rows are compared: names and types of the columns. */
export function structureOf(columns: readonly ColumnFacts[]): string {
  const sorted = columns.map(({ name, type, defaultKind }) => `${name}\t${type}\t${defaultKind}`).sort();
  return createHash('sha256').update(sorted.join('\n')).digest('hex').slice(0, 32);
}
