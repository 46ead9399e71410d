import type { Redis } from 'ioredis';
import { adminVerbs } from './admin.ts';
import type { RedisConnectOptions } from './client.ts';
import { openClient } from './client.ts';
import { redisError } from './errors.ts';
import type { RedisSession } from './session.ts';
import { readVerbs } from './reads.ts';
import { roleVerbs } from './roles.ts';
import { readSnapshot } from './snapshot.ts';
import { readStreamPiece } from './stream-tail.ts';
import type { Endpoint, RedisCredentials, RedisNode } from './types.ts';

/**
 * Opens one connection to one node, as `openClient` does.
 * @throws REDIS_UNREACHABLE, REDIS_TIMEOUT, REDIS_AUTH_FAILED, REDIS_TLS_FAILED. The password is in none of them.
 */
export async function connectRedis(
  endpoint: Endpoint,
  credentials: RedisCredentials = {},
  options: RedisConnectOptions = {},
): Promise<RedisNode> {
  const commandTimeoutMs = options.commandTimeoutMs ?? 2_000;
  const client = await openClient(endpoint, credentials, options);
  const session = sessionOver(client, endpoint, commandTimeoutMs, credentials.password);
  return {
    endpoint,
    ...readVerbs(session),
    ...roleVerbs(session),
    ...adminVerbs(session),
    snapshot: (how) => readSnapshot(client, how),
    streamPiece: (piece) => readStreamPiece(client, piece, commandTimeoutMs),
    close: () => client.disconnect(),
  };
}

function sessionOver(client: Redis, endpoint: Endpoint, commandTimeoutMs: number, password?: string): RedisSession {
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
