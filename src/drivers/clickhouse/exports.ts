import type { Readable } from 'node:stream';
import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { clickhouseError } from './errors.ts';
import type { ClickHouseSession } from './session.ts';
import { id, list, sql } from './sql.ts';
import { whole } from './replicas.ts';
import type { ColumnFacts, TableReads } from './tables.ts';
import type { PartitionName } from './types.ts';

/** Silence of a server in the middle of an export after which it is given up. Milliseconds. */
const idleMs = 120_000;
/** At the end of a body: what an exception of the server may take. */
const tailBytes = 4_096;

/** What is read of a partition to be kept elsewhere. */
export type ExportReads = {
  /** Rows of a partition as they lie there, unmerged. */
  rowCount: (name: PartitionName) => Promise<number>;
  /**
   * The rows of a partition in Native format, of the columns that `INSERT` takes: unmerged, without those that the server
   * computes itself. Nothing is held back here; a body that ends with the server's own exception fails at its end.
   * @throws CLICKHOUSE_EXPORT_BROKEN from the body, and what the server says
   */
  exportPartition: (name: PartitionName) => Promise<AsyncIterable<Uint8Array>>;
};

/** Exports without access to the host: what a server can be asked over HTTP. */
export function exportVerbs(session: ClickHouseSession, columnsOf: TableReads['columns']): ExportReads {
  return {
    rowCount: async ({ database, table, partitionId }) => {
      const rows = await session.rows(
        z.strictObject({ rows: whole }),
        sql`SELECT count() AS rows FROM ${id(database, table)} WHERE _partition_id = ${partitionId}`,
        { timeoutMs: session.longTimeoutMs },
      );
      return rows[0]?.rows ?? 0;
    },
    exportPartition: async ({ database, table, partitionId }) => {
      const columns = insertable(await columnsOf({ database, table }));
      if (columns.length === 0)
        throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${database}.${table} with columns`);
      const names = list(columns.map(({ name }) => id(name)));
      const statement = sql`SELECT ${names} FROM ${id(database, table)} WHERE _partition_id = ${partitionId} FORMAT Native`;
      const body = await session.read(statement, { timeoutMs: session.longTimeoutMs });
      return wholeBody(body, session, statement.text);
    },
  };
}

/** The columns that rows are inserted with, in the order of the table. */
export function insertable(columns: readonly ColumnFacts[]): readonly ColumnFacts[] {
  return columns.filter(({ defaultKind }) => defaultKind === '' || defaultKind === 'DEFAULT');
}

/**
 * The status was sent before the first row: what breaks the query later is written into the body, as text behind the rows
 * (18.16), or breaks it off.
 */
async function* wholeBody(body: Readable, session: ClickHouseSession, statement: string): AsyncGenerator<Uint8Array> {
  const { endpoint } = session;
  let tail = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => body.destroy(new Error(`silent for ${idleMs} ms`)), idleMs);
  };
  watch();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      watch();
      tail = Buffer.concat([tail.subarray(Math.max(0, tail.length - tailBytes)), chunk]).subarray(-tailBytes);
      yield chunk;
    }
  } catch (error) {
    throw clickhouseError(error, endpoint, statement);
  } finally {
    clearTimeout(timer);
  }
  const said = exceptionAtEnd(tail);
  if (said === undefined) return;
  const where = `${endpoint.host}:${endpoint.port}`;
  throw new GantryError('CLICKHOUSE_EXPORT_BROKEN', `${where}: ${said}`, { evidence: { server: where, answer: said } });
}

/** The exception of a server that a body ends with. */
export function exceptionAtEnd(tail: Buffer): string | undefined {
  const text = tail.toString('utf8');
  const found = /(?:^|[^\w])(Code: \d+[,.] [\s\S]*DB::Exception[\s\S]*)$/.exec(text)?.[1]?.trim();
  return found?.slice(0, 500);
}
