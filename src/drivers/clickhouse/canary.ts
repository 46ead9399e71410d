import { z } from 'zod';
import type { ClickHouseSession } from './session.ts';
import { id, sql } from './sql.ts';
import { whole } from './replicas.ts';
import type { TableName } from './types.ts';

/** Where a canary's tables are, beside the users'. `replicaPath` and `replica` are this server's in ZooKeeper. */
export type Canary = { table: TableName; everywhere: TableName; cluster: string };

const seen = z.strictObject({ origin: z.string(), rows: whole });
/** How many rows of a canary came from whom. */
export type CanaryRows = z.output<typeof seen>;

export type CanaryReads = {
  /** The rows of one of a canary's tables, by their origin. */
  canaryRows: (name: TableName) => Promise<readonly CanaryRows[]>;
  /** Names of canaries that lie on this server. */
  canaries: (prefix: TableName) => Promise<readonly TableName[]>;
};

export type CanaryChanges = {
  /** A replicated table of its own on this server, and a Distributed one over it that places a row by its `slot`. */
  createCanary: (canary: Canary, zookeeperPath: string, replica: string) => Promise<void>;
  /** `count` rows of one origin with the slots from 0, written and sent on before this resolves. */
  insertCanary: (into: TableName, origin: string, count: number) => Promise<void>;
};

/** A table of Gantry's own that proves where rows go and whether they are seen; no user's table is touched. */
export function canaryVerbs(session: ClickHouseSession): CanaryReads & CanaryChanges {
  const long = { timeoutMs: 60_000 };
  return {
    canaryRows: (name) =>
      session.rows(
        seen,
        sql`SELECT origin, count() AS rows FROM ${id(name.database, name.table)} GROUP BY origin`,
        long,
      ),
    canaries: async ({ database, table }) => {
      const rows = await session.rows(
        z.strictObject({ name: z.string() }),
        sql`SELECT name FROM system.tables WHERE database = ${database} AND startsWith(name, ${table}) ORDER BY name`,
      );
      return rows.map(({ name }) => ({ database, table: name }));
    },
    createCanary: async ({ table, everywhere, cluster }, zookeeperPath, replica) => {
      await session.act(
        sql`CREATE TABLE IF NOT EXISTS ${id(table.database, table.table)} (origin String, slot UInt64)
          ENGINE = ReplicatedMergeTree(${zookeeperPath}, ${replica}) ORDER BY (origin, slot)`,
        long,
      );
      await session.act(
        sql`CREATE TABLE IF NOT EXISTS ${id(everywhere.database, everywhere.table)} (origin String, slot UInt64)
          ENGINE = Distributed(${cluster}, ${table.database}, ${table.table}, slot)`,
        long,
      );
    },
    insertCanary: (into, origin, count) =>
      session.act(
        sql`INSERT INTO ${id(into.database, into.table)} SELECT ${origin} AS origin, number AS slot FROM numbers(${count})`,
        // By its old name, which today's servers take as well.
        { ...long, settings: { insert_distributed_sync: 1 } },
      ),
  };
}
