import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { LabTls } from '../tls.ts';

export type RedisAddress = { host: string; port: number };

/** How one gets into a node: a password alone is the default user's. */
export type RedisLogin = { username?: string; password?: string; tls?: LabTls };

/**
 * A connection of the lab to one node: no reconnecting, no offline queue, no retries, no noise. For looking at nodes and
 * setting them up; the write load has its own (lab/load).
 */
export async function connectRedis(address: RedisAddress, login?: string | RedisLogin): Promise<Redis> {
  const { tls, ...credentials }: RedisLogin = typeof login === 'string' ? { password: login } : (login ?? {});
  const client = new Redis({
    host: address.host,
    port: address.port,
    ...credentials,
    ...(tls ? { tls: tlsOf(tls) } : {}),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 5_000,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Runs `use` on a connection of its own and closes it. */
export async function withRedis<T>(
  address: RedisAddress,
  login: string | RedisLogin | undefined,
  use: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = await connectRedis(address, login);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

/** `INFO <section>` as a record. */
export async function redisInfo(
  address: RedisAddress,
  login: string | RedisLogin | undefined,
  section = 'replication',
): Promise<Record<string, string>> {
  const text = await withRedis(address, login, (client) => client.info(section));
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function tlsOf({ ca, cert, key }: LabTls): { ca: Buffer; cert: Buffer; key: Buffer } {
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}
