import type { Readable } from 'node:stream';
import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { plainTable } from './plain-table.ts';
import { whole } from './replicas.ts';
import type { ClickHouseSession } from './session.ts';
import { id, sql } from './sql.ts';
import type { TableName } from './types.ts';

/** Whether a server can open a connection to an address, as it says itself. */
export type Reach = { reach: 'open' | 'closed' | 'unknown'; why: string };

/** The verbs that a restore needs besides those of the other procedures. */
export type RestoreVerbs = {
  /**
   * A table of the backup's columns and keys under another name, for this server alone: not replicated, without a TTL, which
   * would delete old rows at once, and on the default storage policy. Does nothing if it is there.
   */
  createPlain: (as: TableName, createQuery: string) => Promise<void>;
  /** Rows in Native format become the table's. What was inserted before an error stays. */
  insertNative: (name: TableName, rows: Readable) => Promise<void>;
  /** Reads every column of every row and drops it: the server checks the checksum of each block on its way. */
  readThrough: (name: TableName) => Promise<void>;
  /** Rows of a table, as the server counts them; undefined where there is no such table. */
  countRows: (name: TableName) => Promise<number | undefined>;
  /** The tables of a database; none where there is no such database. */
  tablesIn: (database: string) => Promise<readonly string[]>;
  dropDatabase: (name: string) => Promise<void>;
  /** Has this server connect to an address. */
  reaches: (host: string, port: number) => Promise<Reach>;
};

const reachMs = 15_000;

/** What a restore does on a server. */
export function restoreVerbs(session: ClickHouseSession): RestoreVerbs {
  const long = { timeoutMs: session.longTimeoutMs };
  return {
    createPlain: (as, createQuery) => session.act(plainTable(as, createQuery), long),
    insertNative: ({ database, table }, rows) =>
      session.write(sql`INSERT INTO ${id(database, table)} FORMAT Native`, rows, {
        ...long,
      }),
    readThrough: ({ database, table }) => session.act(sql`SELECT * FROM ${id(database, table)} FORMAT Null`, long),
    countRows: async ({ database, table }) => {
      try {
        const [row] = await session.rows(
          z.strictObject({ rows: whole }),
          sql`SELECT count() AS rows FROM ${id(database, table)}`,
          long,
        );
        return row?.rows ?? 0;
      } catch (error) {
        if (isUnknown(error)) return undefined;
        throw error;
      }
    },
    tablesIn: async (database) => {
      const rows = await session.rows(
        z.strictObject({ name: z.string() }),
        sql`SELECT name FROM system.tables WHERE database = ${database} ORDER BY name`,
      );
      return rows.map(({ name }) => name);
    },
    dropDatabase: async (name) => {
      const tables = await session.rows(
        z.strictObject({ name: z.string() }),
        sql`SELECT name FROM system.tables WHERE database = ${name}`,
      );
      // One by one: 18.16 refuses to drop a table of more than 50 GB inside a database with an error that names none.
      for (const table of tables) await session.act(sql`DROP TABLE IF EXISTS ${id(name, table.name)}`, long);
      await session.act(sql`DROP DATABASE IF EXISTS ${id(name)}`, long);
    },
    reaches: async (host, port) => {
      try {
        await session.rows(
          z.looseObject({}),
          sql`SELECT 1 AS one FROM remote(${`${address(host)}:${port}`}, 'system', 'one')`,
          {
            timeoutMs: reachMs,
            settings: { connect_timeout_with_failover_ms: 2000, receive_timeout: 5, send_timeout: 5 },
          },
        );
        return { reach: 'open', why: `${host}:${port} answered` };
      } catch (error) {
        return reachOf(error);
      }
    },
  };
}

function isUnknown(error: unknown): boolean {
  return (
    error instanceof GantryError &&
    (error.code === 'CLICKHOUSE_UNKNOWN_TABLE' || error.code === 'CLICKHOUSE_UNKNOWN_DATABASE')
  );
}

function address(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** No connection came about. "Host is down" and its like are of the network too: nothing answered. */
const noConnection =
  /connection refused|no route to host|network is unreachable|host is down|host unreachable|connect timed out|timeout: connect|connection timed out|host not found|dns error|cannot resolve|name or service not known|not allowed/i;
/** A connection came about, and what answered is not a ClickHouse server, or did not let it in. */
const connection =
  /unexpected packet|unexpected eof|attempt to read after eof|eof while reading|authentication failed|wrong password|unknown user|password|reading from socket|receive|connection reset|peer/i;

/**
 * What the failure of a connection says. Only words that a connection could not be made count as closed: what is not understood
 * is unknown, and unknown never counts as closed.
 */
export function reachOf(error: unknown): Reach {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof GantryError && error.code === 'CLICKHOUSE_UNREACHABLE')
    return { reach: 'unknown', why: `the server itself does not answer: ${why}` };
  const said = why.slice(0, 400);
  if (connection.test(why)) return { reach: 'open', why: said };
  return { reach: noConnection.test(why) ? 'closed' : 'unknown', why: said };
}
