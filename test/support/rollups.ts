import { readFileSync } from 'node:fs';
import type { ClickHouseAddress } from '../../lab/clickhouse/client.ts';
import { clickhouseCall } from '../../lab/clickhouse/client.ts';
import type { TableName } from '../../src/drivers/clickhouse/index.ts';

/** The levels of the series that deploy/clickhouse/rollups.sql makes, from the finest to the coarsest. */
export const rollupTables = ['samples', 'samples_m5', 'samples_h1', 'samples_d1'] as const;

export const rollupTable = (table: (typeof rollupTables)[number]): TableName => ({ database: 'metrics', table });

/** The schema as it is shipped, statement by statement; `single`: as its own comment says it is done on one server. */
export function rollupSchema(on: 'replicated' | 'single', storagePolicy?: string): string[] {
  const text = readFileSync(new URL('../../deploy/clickhouse/rollups.sql', import.meta.url), 'utf8');
  const statements = text
    .replaceAll(/^--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  return statements.map((statement) => {
    const engine =
      on === 'single' ? statement.replace(/Replicated(\w*MergeTree)\('[^']*', '[^']*'\)/, '$1') : statement;
    const stored = storagePolicy !== undefined && engine.startsWith('CREATE TABLE');
    return stored ? `${engine} SETTINGS storage_policy = '${storagePolicy}'` : engine;
  });
}

export async function makeRollups(
  servers: readonly ClickHouseAddress[],
  on: 'replicated' | 'single',
  storagePolicy?: string,
): Promise<void> {
  for (const server of servers)
    for (const statement of rollupSchema(on, storagePolicy)) await clickhouseCall(server, statement);
}

/** `rows` samples of one day: every 40 seconds, by turns of three customers, their values 1 to 9. */
export function samplesOf(day: string, rows = 300): string {
  return `INSERT INTO metrics.samples SELECT toDateTime('${day} 00:00:07', 'UTC') + number * 40,
    concat('customer-', toString(number % 3)), 'vm-1', 'cpu', toInt64(number % 9 + 1) FROM numbers(${rows})`;
}

const dayMs = 86_400_000;

/** The day that many days ago in UTC: `2026-01-31`, and its partition `20260131`. */
export function daysAgo(days: number, nowMs = Date.now()): { date: string; day: string; month: string } {
  const date = new Date(nowMs - days * dayMs).toISOString().slice(0, 10);
  const day = date.replaceAll('-', '');
  return { date, day, month: day.slice(0, 6) };
}

/** Gives the raw table a TTL that deletes after 60 days, and moves after one; no part learns of it. */
export const deletingTtl = `ALTER TABLE metrics.samples MODIFY TTL time + INTERVAL 60 DAY,
  time + INTERVAL 1 DAY TO VOLUME 'warm' SETTINGS materialize_ttl_after_modify = 0`;

/** Changes the five-minute roll-up of a day behind its view's back. */
export function tampered(date: string, samples: number, amount: number): string {
  return `INSERT INTO metrics.samples_m5 SELECT toDateTime('${date} 00:00:00', 'UTC'), 'customer-0', 'vm-1', 'cpu',
    toInt64(${samples}), toInt64(${amount}), maxState(toInt64(0))`;
}
