import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { digestOf } from './digest.ts';
import type { ClickHouseSession } from './session.ts';
import { id, sql } from './sql.ts';
import { flag, ofTable, whole } from './replicas.ts';
import type { TableName, PartitionName } from './types.ts';

const table = z.strictObject({
  engine: z.string(),
  engineFull: z.string(),
  partitionKey: z.string(),
  sortingKey: z.string(),
  primaryKey: z.string(),
  createQuery: z.string(),
  dataPath: z.union([z.string(), z.array(z.string())]).transform((path) => (typeof path === 'string' ? [path] : path)),
});
/** `dataPath`: the folders on the server, one per disk where it has several; `detached` lies in each. */
export type TableFacts = z.output<typeof table>;

const column = z.strictObject({
  name: z.string(),
  type: z.string(),
  defaultKind: z.string(),
  inPartitionKey: flag,
  inSortingKey: flag,
});
export type ColumnFacts = z.output<typeof column>;

const digest = z.strictObject({ rows: whole, sum: z.string(), xor: z.string() });
/** What a set of rows is, whatever their order: how many, and the sum (mod 2^64) and the XOR of their hashes. */
export type Digest = z.output<typeof digest>;

/** What is read of tables. */
export type TableReads = {
  table: (name: TableName) => Promise<TableFacts | undefined>;
  columns: (name: TableName) => Promise<readonly ColumnFacts[]>;
  /**
   * What is in a partition, whatever the order and the parts it lies in; one full read of it. `final`: as if it were
   * merged, for engines whose merges change rows (Replacing, Summing, Aggregating, Collapsing).
   */
  digest: (name: PartitionName & { final?: boolean }) => Promise<Digest>;
};

/** What a table is, and what is in it. */
export function tableVerbs(session: ClickHouseSession): TableReads {
  const columns: TableReads['columns'] = (name) =>
    session.rows(
      column,
      sql`SELECT name, type, default_kind AS defaultKind, is_in_partition_key AS inPartitionKey,
        is_in_sorting_key AS inSortingKey FROM system.columns WHERE ${ofTable(name)}`,
    );
  return {
    columns,
    table: async ({ database, table: named }) => {
      // data_path became data_paths; 18.16 fills data_path alone.
      const paths = await session.rows(
        z.strictObject({ name: z.string() }),
        sql`SELECT name FROM system.columns WHERE database = 'system' AND table = 'tables' AND name = 'data_paths'`,
      );
      const rows = await session.rows(
        table,
        sql`SELECT engine, engine_full AS engineFull, partition_key AS partitionKey, sorting_key AS sortingKey,
          primary_key AS primaryKey, create_table_query AS createQuery,
          ${paths.length > 0 ? sql`data_paths` : sql`data_path`} AS dataPath
          FROM system.tables WHERE database = ${database} AND name = ${named}`,
      );
      return rows[0];
    },
    digest: async ({ database, table: named, partitionId, final = false }) => {
      const all = await columns({ database, table: named });
      if (all.length === 0) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${database}.${named}`);
      const hash = digestOf(all);
      const rows = await session.rows(
        digest,
        sql`SELECT count() AS rows, toString(sum(${hash})) AS sum, toString(groupBitXor(${hash})) AS xor
          FROM ${id(database, named)} ${final ? sql`FINAL` : sql``} WHERE _partition_id = ${partitionId}`,
        { timeoutMs: session.longTimeoutMs },
      );
      return rows[0] ?? { rows: 0, sum: '0', xor: '0' };
    },
  };
}
