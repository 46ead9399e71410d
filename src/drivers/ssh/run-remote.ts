import { timingSafeEqual } from 'node:crypto';
import { Client } from 'ssh2';
import { GantryError } from '../../errors/index.ts';
import type { ProgramEnd } from '../program/run-program.ts';
import { shellLine } from './quote.ts';

export type SshTarget = {
  host: string;
  port: number;
  user: string;
  privateKey: string;
  /** The host's public key as `ssh-keyscan` prints it, `ssh-ed25519 AAAA…`: another one is refused. */
  hostKey: string;
};

const outputLimit = 16 * 1024;

/**
 * Runs one command on a host and waits for its end. The host's key is pinned; nothing is learned on first use.
 * @throws SSH_FAILED: no connection, another host key, a private key that can't be
 *   used, a refused login, no end in time. The private key is in none of them.
 */
export function runRemote(
  target: SshTarget,
  argv: readonly string[],
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<ProgramEnd> {
  const startedAt = performance.now();
  const where = `${target.user}@${target.host}:${target.port}`;
  const pinned = keyBytes(target.hostKey);
  const client = new Client();
  return new Promise<ProgramEnd>((resolve, reject) => {
    let otherKey = false;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      client.destroy();
      settle();
    };
    const fail = (why: string): void => {
      end(() => reject(new GantryError('SSH_FAILED', `${where}: ${why}`, { evidence: { host: where, why } })));
    };
    const onAbort = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no end within ${options.timeoutMs} ms`), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    client.on('error', (error: Error) => fail(otherKey ? 'its host key is not the pinned one' : error.message));
    client.on('ready', () => {
      client.exec(shellLine(argv), (error, stream) => {
        if (error) return fail(error.message);
        const said = { stdout: '', stderr: '' };
        const keep = (name: keyof typeof said) => (chunk: Buffer) => {
          said[name] = (said[name] + chunk.toString('utf8')).slice(0, outputLimit);
        };
        stream.on('data', keep('stdout'));
        stream.stderr.on('data', keep('stderr'));
        stream.on('close', (code: number | null) =>
          end(() => resolve({ code: code ?? null, ...said, ms: performance.now() - startedAt })),
        );
      });
    });
    try {
      client.connect({
        host: target.host,
        port: target.port,
        username: target.user,
        privateKey: target.privateKey,
        readyTimeout: options.timeoutMs,
        algorithms: { serverHostKey: hostKeyAlgorithms(target.hostKey) },
        hostVerifier: (key: Buffer) => {
          const same = key.length === pinned.length && timingSafeEqual(key, pinned);
          otherKey = !same;
          return same;
        },
      });
    } catch (error) {
      // A key that can't be read, or is encrypted, is refused before anything is sent.
      fail((error as Error).message);
    }
  });
}

/** @throws SSH_FAILED when the pinned key can't be read */
function keyBytes(hostKey: string): Buffer {
  const base64 = hostKey.trim().split(/\s+/)[1] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > 0) return bytes;
  throw new GantryError('SSH_FAILED', 'the pinned host key is not of the form `ssh-ed25519 AAAA…`');
}

/** Only the pinned key's own algorithm is offered: else the host might show another of its keys. */
function hostKeyAlgorithms(
  hostKey: string,
): ('ssh-ed25519' | 'ecdsa-sha2-nistp256' | 'rsa-sha2-512' | 'rsa-sha2-256')[] {
  const type = hostKey.trim().split(/\s+/)[0];
  if (type === 'ssh-rsa') return ['rsa-sha2-512', 'rsa-sha2-256'];
  if (type === 'ecdsa-sha2-nistp256') return ['ecdsa-sha2-nistp256'];
  return ['ssh-ed25519'];
}
