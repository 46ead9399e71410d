import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { GantryError } from '../../errors/index.ts';
import { canaryVerbs } from './canary.ts';
import { capabilityVerb, knowsFetchCap } from './capabilities.ts';
import { changeVerbs } from './changes.ts';
import { diskVerbs } from './disks.ts';
import { exportVerbs } from './exports.ts';
import { heatVerb } from './heat.ts';
import { keeperVerbs } from './keeper.ts';
import { sessionOver } from './session.ts';
import { partVerbs } from './parts.ts';
import { restoreVerbs } from './restore.ts';
import { schemaVerbs } from './schema.ts';
import { replicaVerbs } from './replicas.ts';
import { tableVerbs } from './tables.ts';
import { bucketVerbs } from './buckets.ts';
import { tieringVerbs } from './tiering.ts';
import { totalVerbs } from './totals.ts';
import type { ClickHouseCredentials, ClickHouseEndpoint, StatementOwner } from './types.ts';
import type { ClickHouseNode } from './node.ts';

export type ClickHouseConnectOptions = {
  /** Whose statements these are; every query id carries it. */
  owner?: StatementOwner;
  /** Ends every statement, here and on the server. */
  signal?: AbortSignal;
  /** Per statement; 10,000 unless given. */
  timeoutMs?: number;
  /** For statements that copy or read a whole partition, and for a replica's catching up; an hour unless given. */
  longTimeoutMs?: number;
  /**
   * A statement that changes something is not sent when the last answer on this connection is older: whoever slept that
   * long must look first. It is refused with STALE_ATTEMPT; always sent unless given.
   */
  freshMs?: number;
  /** Called right before each statement that changes something; what it throws keeps the statement from being sent. */
  beforeChange?: () => void;
};

/**
 * Opens one connection to one server. It never repeats a statement: whether one that got no answer took effect is for the
 * step to find out.
 *
 * @throws CLICKHOUSE_UNREACHABLE, CLICKHOUSE_TIMEOUT, CLICKHOUSE_AUTH_FAILED, CLICKHOUSE_TLS_FAILED. The password is in none of them.
 */
export async function connectClickHouse(
  endpoint: ClickHouseEndpoint,
  credentials: ClickHouseCredentials = {},
  options: ClickHouseConnectOptions = {},
): Promise<ClickHouseNode> {
  const { username = 'default', password, tls } = credentials;
  const client = createClient({
    url: `${tls ? 'https' : 'http'}://${endpoint.host}:${endpoint.port}`,
    username,
    password: password ?? '',
    application: 'gantry',
    // Our own limits per statement rule; the client's is one for all.
    request_timeout: 24 * 3_600_000,
    max_open_connections: 4,
    // A kept socket that the server closes (after 3 s, by default) as we send looks like a statement without an answer,
    // and nobody could say whether it took effect. A new one costs a round trip.
    keep_alive: { enabled: false },
    log: { level: ClickHouseLogLevel.OFF },
    ...(tls?.ca === undefined ? {} : { tls: certificates(tls.ca, tls) }),
  });
  const { owner, signal, timeoutMs = 10_000, longTimeoutMs = 3_600_000, freshMs, beforeChange } = options;
  const session = sessionOver(client, {
    endpoint,
    owner,
    signal,
    timeoutMs,
    longTimeoutMs,
    password,
    freshMs,
    beforeChange,
  });
  const capabilities = capabilityVerb(session);
  const tables = tableVerbs(session);
  const node: ClickHouseNode = {
    endpoint,
    capabilities,
    capsFetches: () => knowsFetchCap(session),
    ...replicaVerbs(session),
    ...tables,
    ...tieringVerbs(session, tables.columns),
    ...partVerbs(session, capabilities),
    ...keeperVerbs(session),
    ...diskVerbs(session),
    ...exportVerbs(session, tables.columns),
    ...totalVerbs(session, tables.columns),
    ...heatVerb(session),
    ...changeVerbs(session),
    ...bucketVerbs(session),
    ...schemaVerbs(session),
    ...canaryVerbs(session),
    ...restoreVerbs(session),
    close: () => client.close(),
  };
  try {
    await node.ping();
    return node;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function certificates(
  ca: string,
  { cert, key }: { cert?: string; key?: string },
): { ca_cert: Buffer } | { ca_cert: Buffer; cert: Buffer; key: Buffer } {
  if (cert !== undefined && key !== undefined) {
    return { ca_cert: Buffer.from(ca), cert: Buffer.from(cert), key: Buffer.from(key) };
  }
  if (cert === undefined && key === undefined) return { ca_cert: Buffer.from(ca) };
  throw new GantryError('CLICKHOUSE_TLS_FAILED', 'a client certificate and its key come together');
}
