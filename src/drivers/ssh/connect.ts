import type { Duplex } from 'node:stream';
import { Client } from 'ssh2';
import { sshFailed } from './errors.ts';
import { pinnedKey } from './host-key.ts';
import type { SshTarget } from './types.ts';
import { within } from './within.ts';

/** A connection that has logged in, and whether it can still be used. */
export type Connection = {
  readonly client: Client;
  /** Aborts with the reason once the connection is lost or thrown away. */
  readonly lost: AbortSignal;
  /** Throws the connection away, and those that it goes through. */
  end(why: string): void;
};

/** A peer that answers none of three of these is gone. Milliseconds. */
const keepaliveMs = 5_000;
const keepalivesMissed = 3;

/** How messages name a target. */
export function whereIs({ user, host, port }: SshTarget): string {
  return `${user}@${host}:${port}`;
}

/**
 * Connects and logs in, through the jump host where there is one. Host keys are pinned: nothing is learned on first use.
 * @throws SSH_FAILED: no connection, another host key, a private key that cannot be used, a refused login, no end in time
 */
export async function connect(
  target: SshTarget,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<Connection> {
  const deadline = performance.now() + options.timeoutMs;
  const left = (): { timeoutMs: number; signal?: AbortSignal } => ({
    timeoutMs: Math.max(1, deadline - performance.now()),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  if (!target.jump) return logIn(target, left());
  const jump = await connect(target.jump, left());
  try {
    const through = await forward(jump, target, left());
    const connection = await logIn(target, left(), through);
    connection.lost.addEventListener('abort', () => jump.end('its passenger has left'), { once: true });
    jump.lost.addEventListener('abort', () => connection.end('the jump host is lost'), { once: true });
    return connection;
  } catch (error) {
    jump.end('nothing could be reached through it');
    throw error;
  }
}

function logIn(
  target: SshTarget,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  sock?: Duplex,
): Promise<Connection> {
  const where = whereIs(target);
  const pinned = pinnedKey(target.hostKey);
  const client = new Client();
  const lost = new AbortController();
  const end = (why: string): void => {
    if (lost.signal.aborted) return;
    lost.abort(why);
    client.destroy();
  };
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (why: string): void => {
      end(why);
      settle(() => reject(sshFailed(where, why)));
    };
    const onAbort = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no login within ${Math.round(timeoutMs)} ms`), timeoutMs);
    if (signal?.aborted) return fail('cancelled');
    signal?.addEventListener('abort', onAbort, { once: true });
    client.on('error', (error: Error) => fail(pinned.refused() ? 'its host key is not the pinned one' : error.message));
    client.on('close', () => fail('the connection was closed'));
    client.on('ready', () => settle(() => resolve({ client, lost: lost.signal, end })));
    try {
      client.connect({
        ...(sock ? { sock } : { host: target.host, port: target.port }),
        username: target.user,
        privateKey: target.privateKey,
        readyTimeout: Math.ceil(timeoutMs),
        keepaliveInterval: keepaliveMs,
        keepaliveCountMax: keepalivesMissed,
        algorithms: pinned.algorithms ?? {},
        hostVerifier: pinned.hostVerifier as (key: Buffer) => boolean,
      });
    } catch (error) {
      // A key that cannot be read, or is encrypted, is refused before anything is sent.
      fail((error as Error).message);
    }
  });
}

/** A stream from the jump host to the target. */
function forward(
  jump: Connection,
  target: SshTarget,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<Duplex> {
  const where = whereIs(target);
  const stream = new Promise<Duplex>((resolve, reject) => {
    jump.client.forwardOut('127.0.0.1', 0, target.host, target.port, (error, opened) => {
      if (error) reject(sshFailed(where, `through the jump host: ${error.message}`));
      else resolve(opened);
    });
  });
  return within(stream, where, 'the jump host did not open a stream in time', options);
}
