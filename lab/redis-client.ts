import { Redis } from 'ioredis';

export type RedisAddress = { host: string; port: number };

/**
 * A connection of the lab to one node: no reconnecting, no offline queue, no retries, no noise. For looking at nodes and
 * setting them up; the write load has its own (lab/load).
 */
export async function connectRedis(address: RedisAddress, password?: string): Promise<Redis> {
  const client = new Redis({
    host: address.host,
    port: address.port,
    ...(password === undefined ? {} : { password }),
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
  password: string | undefined,
  use: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = await connectRedis(address, password);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

/** `INFO <section>` as a record. */
export async function redisInfo(
  address: RedisAddress,
  password: string | undefined,
  section = 'replication',
): Promise<Record<string, string>> {
  const text = await withRedis(address, password, (client) => client.info(section));
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
