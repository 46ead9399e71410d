import { Redis } from 'ioredis';
import { redisError } from './errors.ts';
import type { Endpoint, RedisCredentials } from './types.ts';

/** Milliseconds. */
export type RedisConnectOptions = {
  /** 1,000 unless given. */
  connectTimeoutMs?: number;
  /** 2,000 unless given; a WAIT longer than this can't be asked for. */
  commandTimeoutMs?: number;
};

/**
 * Opens one connection to one node or Sentinel. It never reconnects, never queues and never repeats a command: whether a
 * command that got no answer was carried out is for the step to find out, not for the client library to guess.
 *
 * @throws REDIS_UNREACHABLE, REDIS_TIMEOUT, REDIS_AUTH_FAILED, REDIS_TLS_FAILED. The password is in none of them.
 */
export async function openClient(
  endpoint: Endpoint,
  credentials: RedisCredentials,
  options: RedisConnectOptions,
): Promise<Redis> {
  const { password, username, tls } = credentials;
  const client = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: tlsOptions(tls) } : {}),
    connectTimeout: options.connectTimeoutMs ?? 1_000,
    commandTimeout: options.commandTimeoutMs ?? 2_000,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    lazyConnect: true,
    // RESP2 and no CLIENT SETINFO: both work on every version that is to be recognised, the unsupported ones included.
    protocol: 2,
    disableClientInfo: true,
    connectionName: 'gantry',
  });
  // connect() rejects with "Connection is closed."; the reason comes as an event.
  let reason: unknown;
  client.on('error', (error) => (reason = error));
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw redisError(reason ?? error, endpoint, 'connect', password);
  }
  return client;
}

function tlsOptions({ ca, serverName, cert, key }: NonNullable<RedisCredentials['tls']>): object {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // Node checks the certificate against this name; it sends it (SNI) only if it isn't an address.
    ...(serverName === undefined ? {} : { servername: serverName }),
    minVersion: 'TLSv1.2',
  };
}
