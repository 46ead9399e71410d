import { Redis } from 'ioredis';
import { adminVerbs } from './admin.ts';
import { redisError } from './errors.ts';
import type { RedisLink } from './link.ts';
import { readVerbs } from './reads.ts';
import { roleVerbs } from './roles.ts';
import type { Endpoint, RedisCredentials, RedisNode } from './types.ts';

/** Milliseconds. */
export type RedisConnectOptions = {
  /** 1,000 unless given. */
  connectTimeoutMs?: number;
  /** 2,000 unless given; a WAIT longer than this can't be asked for. */
  commandTimeoutMs?: number;
};

/**
 * Opens one connection to one node. It never reconnects, never queues and never repeats a command: whether a command
 * that got no answer was carried out is for the step to find out, not for the client library to guess.
 *
 * @throws REDIS_UNREACHABLE, REDIS_TIMEOUT, REDIS_AUTH_FAILED. The password is in none of them.
 */
export async function connectRedis(
  endpoint: Endpoint,
  credentials: RedisCredentials = {},
  options: RedisConnectOptions = {},
): Promise<RedisNode> {
  const { password, username } = credentials;
  const commandTimeoutMs = options.commandTimeoutMs ?? 2_000;
  const client = new Redis({
    host: endpoint.host,
    port: endpoint.port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    connectTimeout: options.connectTimeoutMs ?? 1_000,
    commandTimeout: commandTimeoutMs,
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
  const link = linkOver(client, endpoint, commandTimeoutMs, password);
  return { endpoint, ...readVerbs(link), ...roleVerbs(link), ...adminVerbs(link), close: () => client.disconnect() };
}

function linkOver(client: Redis, endpoint: Endpoint, commandTimeoutMs: number, password?: string): RedisLink {
  const guard = async <T>(command: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      const known = redisError(error, endpoint, command, password);
      // What the node still holds back must not be carried out after we have given up on it.
      if (known.code === 'REDIS_TIMEOUT') client.disconnect();
      throw known;
    }
  };
  // WATCH belongs to the connection: a second transaction in between would end the first one's.
  let last: Promise<unknown> = Promise.resolve();
  return {
    endpoint,
    commandTimeoutMs,
    send: (command, ...args) => guard(command, () => client.call(command, ...args)),
    exclusively: (run) => {
      const next = last.then(run, run);
      last = next.catch(() => undefined);
      return next;
    },
    pipeline: (commands) =>
      guard(namesOf(commands), async () => {
        const answers = (await client.pipeline(commands.map((c) => [...c])).exec()) ?? [];
        return answers.map(([error, value]) => {
          if (error) throw error;
          return value;
        });
      }),
    transaction: (commands) =>
      guard(namesOf(commands), async () => {
        const answers = await client.multi(commands.map((c) => [...c])).exec();
        return answers?.map(([error, value]) =>
          error ? { ok: false, error: redisError(error, endpoint, namesOf(commands), password) } : { ok: true, value },
        );
      }),
  };
}

function namesOf(commands: readonly (readonly string[])[]): string {
  return commands.map(([name]) => name).join('+');
}
