import type { Readable } from 'node:stream';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { clickhouseError } from './errors.ts';
import type { Sql } from './sql.ts';
import { sql } from './sql.ts';
import type { ClickHouseEndpoint, StatementOwner } from './types.ts';

/** How one statement is sent. */
export type StatementOptions = {
  /** Instead of the connection's own. */
  timeoutMs?: number;
  settings?: ClickHouseSettings;
  /** It changes rows: not sent by whoever has heard nothing for `freshMs`. */
  decisive?: boolean;
};

/** What the verbs stand on: one statement at a time, every error turned into a catalogue error, every answer checked. */
export type ClickHouseSession = {
  readonly endpoint: ClickHouseEndpoint;
  readonly owner: StatementOwner | undefined;
  /** For what may take as long as copying a partition. */
  readonly longTimeoutMs: number;
  /** The rows of a SELECT. 64-bit integers arrive as text. @throws CLICKHOUSE_UNEXPECTED_ANSWER when a row is not of `shape` */
  rows: <T>(shape: z.ZodType<T>, statement: Sql, options?: StatementOptions) => Promise<T[]>;
  /** The answer as it comes, in the statement's own format; unread it keeps its connection. */
  read: (statement: Sql, options?: StatementOptions) => Promise<Readable>;
  /** A statement whose rows are a stream. */
  write: (statement: Sql, rows: Readable, options?: StatementOptions) => Promise<void>;
  /** Any other statement. */
  act: (statement: Sql, options?: StatementOptions) => Promise<void>;
};

type SessionOptions = {
  endpoint: ClickHouseEndpoint;
  owner: StatementOwner | undefined;
  signal: AbortSignal | undefined;
  timeoutMs: number;
  longTimeoutMs: number;
  password: string | undefined;
  freshMs: number | undefined;
  beforeChange: (() => void) | undefined;
};

/** What the ids of all of Gantry's queries begin with. */
export const ownQueries = 'gantry:';

/** The prefix of the query ids of a unit's statements. */
export function queryIdPrefix(unit: string): string {
  return `${ownQueries}${unit}:`;
}

/** A statement that does not end in time, or whose run is cancelled, is killed on the server: it would go on without us. */
export function sessionOver(client: ClickHouseClient, options: SessionOptions): ClickHouseSession {
  const { endpoint, owner, signal, timeoutMs, longTimeoutMs, password, freshMs, beforeChange } = options;
  // Another connection of the same attempt must not meet our ids.
  const mark = Math.random().toString(36).slice(2, 8);
  let sent = 0;
  let answeredAt = performance.now();
  const nextQueryId = (): string => {
    sent += 1;
    const { unit, attempt } = owner ?? { unit: 'none', attempt: 0 };
    return `${queryIdPrefix(unit)}${attempt}:${mark}-${sent}`;
  };
  const guard = async <T>(text: string, limitMs: number, send: (sending: Sending) => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const queryId = nextQueryId();
    const timeout = AbortSignal.timeout(limitMs);
    const abort_signal = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      const answer = await send({ query_id: queryId, abort_signal });
      answeredAt = performance.now();
      return answer;
    } catch (error) {
      if (error instanceof GantryError && error.code === 'STALE_ATTEMPT') throw error;
      answeredAt = abort_signal.aborted ? answeredAt : performance.now();
      if (!abort_signal.aborted) throw clickhouseError(error, endpoint, text, password);
      const killed = await kill(client, queryId);
      if (signal?.aborted) throw signal.reason;
      const where = `${endpoint.host}:${endpoint.port}`;
      throw new GantryError(
        'CLICKHOUSE_TIMEOUT',
        `${where}: no end within ${limitMs} ms: ${text.trim().slice(0, 120)}`,
        {
          evidence: { server: where, statement: text.trim().slice(0, 300), queryId, limitMs, killed },
        },
      );
    }
  };
  const refuseStale = (text: string): void => {
    const silentMs = performance.now() - answeredAt;
    if (freshMs === undefined || silentMs <= freshMs) return;
    const message = `nothing was heard for ${Math.round(silentMs)} ms, at most ${freshMs} are allowed: not sent`;
    throw new GantryError('STALE_ATTEMPT', `${message}: ${text.trim().slice(0, 120)}`);
  };
  return {
    endpoint,
    owner,
    longTimeoutMs,
    rows: (shape, statement, { timeoutMs: limitMs = timeoutMs, settings = {} } = {}) =>
      guard(statement.text, limitMs, async (sending) => {
        const answer = await client.query({
          ...sending,
          query: statement.text,
          format: 'JSONEachRow',
          // The server's own limit: a read goes on after its client has gone (18.16, and today's by default).
          clickhouse_settings: {
            ...always,
            wait_end_of_query: 1,
            max_execution_time: Math.ceil(limitMs / 1_000),
            ...settings,
          },
        });
        const rows: unknown[] = await answer.json();
        return rows.map((row) => {
          const parsed = shape.safeParse(row);
          if (parsed.success) return parsed.data;
          throw unexpected(endpoint, statement, parsed.error.issues[0]?.message ?? 'of another form');
        });
      }),
    read: (statement, { timeoutMs: limitMs = timeoutMs, settings = {} } = {}) =>
      guard(statement.text, limitMs, async (sending) => {
        const { stream } = await client.exec({
          ...sending,
          query: statement.text,
          clickhouse_settings: { ...always, max_execution_time: Math.ceil(limitMs / 1_000), ...settings },
        });
        return stream;
      }),
    write: (statement, values, { timeoutMs: limitMs = timeoutMs, settings = {} } = {}) =>
      guard(statement.text, limitMs, async (sending) => {
        beforeChange?.();
        const { stream } = await client.exec({
          ...sending,
          ...{ query: statement.text, values, clickhouse_settings: { ...always, ...settings } },
        });
        for await (const rest of stream) void rest;
      }),
    act: (statement, { timeoutMs: limitMs = timeoutMs, settings = {}, decisive = false } = {}) =>
      guard(statement.text, limitMs, async (sending) => {
        beforeChange?.();
        if (decisive) refuseStale(statement.text);
        await client.command({ ...sending, query: statement.text, clickhouse_settings: { ...always, ...settings } });
      }),
  };
}

type Sending = { query_id: string; abort_signal: AbortSignal };

/** Large integers as text, since JSON numbers lose digits above 2^53; and a trace in query_log where the server keeps one. */
const always: ClickHouseSettings = { output_format_json_quote_64bit_integers: 1, log_queries: 1 };

const killWithinMs = 2_000;

/** Whether the server took the order; it says nothing about the statement's effect. */
async function kill(client: ClickHouseClient, queryId: string): Promise<boolean> {
  try {
    const query = sql`KILL QUERY WHERE query_id = ${queryId} ASYNC`.text;
    await client.command({ query, abort_signal: AbortSignal.timeout(killWithinMs) });
    return true;
  } catch {
    return false; // a server that can't be reached; the caller's error says what was cut short
  }
}

function unexpected({ host, port }: ClickHouseEndpoint, statement: Sql, why: string): GantryError {
  return new GantryError('CLICKHOUSE_UNEXPECTED_ANSWER', `${host}:${port}: ${why}`, {
    evidence: { statement: statement.text.trim().slice(0, 300) },
  });
}
