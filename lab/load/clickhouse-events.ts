import type { ClickHouseAddress } from '../clickhouse/client.ts';
import { clickhouseCall } from '../clickhouse/client.ts';

/** The table that the load writes and reads: one replicated table per shard, and a Distributed one over all. */
export type EventsTable = {
  cluster: string;
  database: string;
  /** The Distributed table is `<table>_all`. */
  table: string;
  /** How the Distributed table places rows; `rand()` unless given. */
  shardingKey?: string;
  /** Of the replicated table: `index_granularity = 8192, …`. */
  settings?: string;
};

/** Rows are written in blocks of this many, each with consecutive ids: what became of a block shows in a count. */
export const rowsPerBlock = 1_000;

/** Makes both tables on each of these servers. Partitions are days. */
export async function createEvents(servers: readonly ClickHouseAddress[], events: EventsTable): Promise<void> {
  const { cluster, database, table, shardingKey = 'rand()', settings } = events;
  for (const server of servers) {
    await clickhouseCall(server, `CREATE DATABASE IF NOT EXISTS ${database}`);
    await clickhouseCall(
      server,
      `CREATE TABLE ${database}.${table} (day Date, customer UInt64, id UInt64, value UInt64, note Nullable(String))
        ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/${database}_${table}', '{replica}')
        PARTITION BY toYYYYMMDD(day) ORDER BY (customer, id)${settings ? ` SETTINGS ${settings}` : ''}`,
    );
    await clickhouseCall(
      server,
      `CREATE TABLE ${database}.${table}_all AS ${database}.${table}
        ENGINE = Distributed('${cluster}', ${database}, ${table}, ${shardingKey})`,
    );
  }
}

export type BlocksToInsert = {
  /** `2026-01-31`. */
  day: string;
  firstBlock: number;
  blocks?: number;
  timeoutMs?: number;
  /** Through the Distributed table, which places each row by its key. */
  distributed?: boolean;
};

/**
 * Inserts whole blocks into one server's own table, all in one statement: the same blocks are the same bytes, so that a
 * repeated insert is recognised by the server.
 */
export async function insertBlocks(
  server: ClickHouseAddress,
  { database, table }: Pick<EventsTable, 'database' | 'table'>,
  { day, firstBlock, blocks = 1, timeoutMs, distributed = false }: BlocksToInsert,
): Promise<void> {
  const first = firstBlock * rowsPerBlock;
  await clickhouseCall(
    server,
    `INSERT INTO ${database}.${table}${distributed ? '_all' : ''} SELECT toDate('${day}'), intHash64(id) % 1000, ${first} + number AS id,
      intHash64(id) % 100, if(id % 3 = 0, NULL, toString(id)) FROM numbers(${blocks * rowsPerBlock})`,
    // One part per statement whatever its size: a part that is recognised as repeated is recognised as a whole.
    {
      settings: {
        ...{ max_block_size: blocks * rowsPerBlock, max_threads: 1 },
        // Acknowledged only when every shard has its rows.
        ...(distributed ? { insert_distributed_sync: 1 } : {}),
      },
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
  );
}
