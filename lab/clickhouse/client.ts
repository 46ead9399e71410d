import { GantryError } from '../../src/errors/index.ts';
import { patience } from '../clock.ts';

/** Where a ClickHouse server answers HTTP, and as whom the lab asks. */
export type ClickHouseAddress = { host: string; httpPort: number; user?: string; password?: string };

export type ClickHouseQuestion = {
  settings?: Readonly<Record<string, string | number>>;
  /** Of the rows to insert: sent as the body, the statement in the address. */
  body?: string;
  queryId?: string;
  timeoutMs?: number;
};

/**
 * One statement, sent as the lab itself (load, tests, readiness): never through the driver that is under test.
 * @returns the answer's text
 * @throws GantryError LAB_PART_FAILED with the server's own words
 */
export async function clickhouseCall(
  at: ClickHouseAddress,
  sql: string,
  { settings = {}, body, queryId, timeoutMs = 30_000 * patience }: ClickHouseQuestion = {},
): Promise<string> {
  const address = new URL(`http://${at.host}:${at.httpPort}/`);
  for (const [name, value] of Object.entries(settings)) address.searchParams.set(name, String(value));
  if (queryId !== undefined) address.searchParams.set('query_id', queryId);
  if (body !== undefined) address.searchParams.set('query', sql);
  const answer = await fetch(address, {
    method: 'POST',
    body: body ?? sql,
    headers: {
      ...(at.user === undefined ? {} : { 'x-clickhouse-user': at.user }),
      ...(at.password === undefined ? {} : { 'x-clickhouse-key': at.password }),
    },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await answer.text();
  if (answer.ok) return text;
  throw new GantryError('LAB_PART_FAILED', `${at.host}:${at.httpPort}: ${text.trim().slice(0, 600)}`, {
    evidence: { statement: sql.slice(0, 400) },
  });
}

/** The rows of a SELECT (`FORMAT JSON` is added); integers of 64 bits come as text. */
export async function clickhouseRows<T = Record<string, unknown>>(
  at: ClickHouseAddress,
  sql: string,
  question?: ClickHouseQuestion,
): Promise<T[]> {
  const answer = await clickhouseCall(at, `${sql} FORMAT JSON`, question);
  return (JSON.parse(answer) as { data: T[] }).data;
}
