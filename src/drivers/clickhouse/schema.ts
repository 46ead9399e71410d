import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { oncePerConnection, systemColumns } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import { id, sql, Sql } from './sql.ts';
import { whole } from './replicas.ts';
import type { TableName } from './types.ts';

const schemaObject = z.strictObject({
  database: z.string(),
  name: z.string(),
  engine: z.string(),
  engineFull: z.string(),
  createQuery: z.string(),
});
/** A table or view as the server would make it again; its macros are not filled in. */
export type SchemaObject = z.output<typeof schemaObject>;

const waiting = z.strictObject({ database: z.string(), table: z.string(), folder: z.string(), files: whole });
/** Rows that a Distributed table has taken and not sent on yet. `folder` names the shard that they are for. */
export type WaitingFiles = z.output<typeof waiting>;

export type SchemaReads = {
  /** Every table and view outside of the server's own databases, without those that a materialized view keeps for itself. */
  objects: () => Promise<readonly SchemaObject[]>;
  /** The replicas that ZooKeeper has of a table, whether they are alive or not; empty where it has no such table. */
  replicasAt: (zookeeperPath: string) => Promise<readonly string[]>;
  /** What waits in the Distributed tables of this server; undefined where it can't say (18.16). */
  waitingFiles: () => Promise<readonly WaitingFiles[] | undefined>;
};

export type SchemaChanges = {
  createDatabase: (name: string) => Promise<void>;
  /** Makes a table or view as another server of the cluster has it, unless there is one of its name. */
  createObject: (object: SchemaObject) => Promise<void>;
};

// Quoted by `list` of text: names of the server's own.
const ownDatabases = ['system', 'INFORMATION_SCHEMA', 'information_schema', '_temporary_and_external_tables'];

/** What a server has tables of, and how another one comes to have the same. */
export function schemaVerbs(session: ClickHouseSession): SchemaReads & SchemaChanges {
  const queueColumns = oncePerConnection(() => systemColumns(session, 'distribution_queue'));
  return {
    objects: () =>
      session.rows(
        schemaObject,
        sql`SELECT database, name, engine, engine_full AS engineFull, create_table_query AS createQuery
          FROM system.tables WHERE NOT has(${ownDatabases}, database) AND NOT startsWith(name, '.inner')
          ORDER BY database, name`,
      ),
    replicasAt: async (zookeeperPath) => {
      try {
        const rows = await session.rows(
          z.strictObject({ name: z.string() }),
          sql`SELECT name FROM system.zookeeper WHERE path = ${`${zookeeperPath}/replicas`} ORDER BY name`,
        );
        return rows.map(({ name }) => name);
      } catch (error) {
        if (error instanceof GantryError && error.code === 'CLICKHOUSE_KEEPER_NO_NODE') return [];
        throw error;
      }
    },
    waitingFiles: async () => {
      const columns = await queueColumns();
      if (!columns.has('data_files')) return undefined;
      // Files that could not be sent as they are wait too: in a folder beside, for somebody to look at.
      const all = columns.has('broken_data_files') ? sql`data_files + broken_data_files` : sql`data_files`;
      return session.rows(
        waiting,
        sql`SELECT database, table, data_path AS folder, ${all} AS files FROM system.distribution_queue WHERE files > 0`,
      );
    },
    createDatabase: (name) => session.act(sql`CREATE DATABASE IF NOT EXISTS ${id(name)}`),
    createObject: (object) => session.act(unlessThere(object), { timeoutMs: session.longTimeoutMs }),
  };
}

/** The name of a table as `createObject` takes it. */
export function nameOfObject({ database, name }: Pick<SchemaObject, 'database' | 'name'>): TableName {
  return { database, table: name };
}

/** The server's own text, given back to another one. */
function unlessThere({ database, name, createQuery }: SchemaObject): Sql {
  const form = /^CREATE (TABLE|VIEW|MATERIALIZED VIEW) (?!IF )/.exec(createQuery);
  if (form?.[1] === undefined) {
    throw new GantryError('CLICKHOUSE_ENGINE_UNSUPPORTED', `${database}.${name} is no table or view to be made again`);
  }
  return new Sql(`CREATE ${form[1]} IF NOT EXISTS ${createQuery.slice(form[0].length)}`);
}
