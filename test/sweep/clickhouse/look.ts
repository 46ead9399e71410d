import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import { clickhouseCall, clickhouseRows } from '../../../lab/clickhouse/client.ts';
import type { ClickHouseCluster, ClickHouseServer } from '../../../lab/clickhouse/clickhouse.ts';

/** The replicated table of a scene; its log is where `createEvents` puts it. */
export type EventsName = { database: string; table: string };

/** `20200131` of `2020-01-31`. */
export const partitionOf = (day: string): string => day.replaceAll('-', '');

/** The one number that a statement answers. */
export async function one(server: ClickHouseServer, statement: string): Promise<number> {
  return Number(await clickhouseCall(server, statement));
}

/** What a server's own table has of a day. */
export async function rowsOf(server: ClickHouseServer, { database, table }: EventsName, day: string): Promise<number> {
  return one(server, `SELECT count() FROM ${database}.${table} WHERE day = '${day}'`);
}

/** Whether nothing but merges waits in the table's queue. */
export async function idle(server: ClickHouseServer, table: string): Promise<boolean> {
  const queue = `SELECT count() FROM system.replication_queue WHERE table = '${table}' AND type != 'MERGE_PARTS'`;
  return (await one(server, queue)) === 0;
}

/** What the replication log of a server's shard says, entry by entry. */
export async function logOf(server: ClickHouseServer, path: string): Promise<string[]> {
  const entries = await clickhouseRows<{ value: string }>(
    server,
    `SELECT value FROM system.zookeeper WHERE path = '/clickhouse/tables/0${server.shard}/${path}/log' ORDER BY name`,
  );
  return entries.map(({ value }) => value);
}

/** What a shard's log has of a day, inserts and merges aside: `detach`, `REPLACE_RANGE`, `part attached`. */
export async function changesOf(
  server: ClickHouseServer,
  { database, table }: EventsName,
  day: string,
): Promise<string[]> {
  const entries = await logOf(server, `${database}_${table}`);
  return entries
    .filter((value) => value.includes(`${partitionOf(day)}_`))
    .flatMap((value) => {
      const lines = value.split('\n');
      const kind = lines.find((line) => /^(detach|drop|REPLACE_RANGE|get|attach)$/.test(line));
      if (kind === undefined || (kind === 'get' && !lines.includes('block_id: '))) return [];
      return [kind === 'get' ? 'part attached' : kind];
    });
}

/** Takes all rows of these days away, and what lies in `detached`. */
export async function clear(cluster: ClickHouseCluster, events: EventsName, days: readonly string[]): Promise<void> {
  const { database, table } = events;
  for (const server of cluster.nodes.filter(({ replica }) => replica === 1)) {
    for (const day of days)
      await clickhouseCall(server, `ALTER TABLE ${database}.${table} DROP PARTITION ID '${partitionOf(day)}'`);
  }
  for (const { dataDir } of cluster.nodes) {
    const folder = join(dataDir, 'data', database, table, 'detached');
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
}

/** Waits until every replica of a shard has so many rows of a day. */
export async function hasRows(
  servers: readonly ClickHouseServer[],
  events: EventsName,
  day: string,
  rows: number,
): Promise<void> {
  for (const server of servers) await until(async () => (await rowsOf(server, events, day)) === rows, 10_000);
}
