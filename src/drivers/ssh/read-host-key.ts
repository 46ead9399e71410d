import { Client } from 'ssh2';
import { sshFailed } from './errors.ts';

/**
 * The key that a host shows, for the enrolment alone: it is recorded together with where it was read from, and compared
 * with what a second source says before anything trusts it. Nothing logs in.
 * @returns the key as `ssh-keyscan` prints it, `ssh-ed25519 AAAA…`
 * @throws SSH_FAILED: no connection, no key of that type, no end in time
 */
export function readHostKey(
  { host, port }: { host: string; port: number },
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<string> {
  const where = `${host}:${port}`;
  const client = new Client();
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      client.destroy();
      act();
    };
    const fail = (why: string): void => settle(() => reject(sshFailed(where, why)));
    const onAbort = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no host key within ${options.timeoutMs} ms`), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    client.on('error', (error: Error) => fail(error.message));
    client.connect({
      ...{ host, port, username: 'nobody', readyTimeout: options.timeoutMs },
      algorithms: { serverHostKey: ['ssh-ed25519'] },
      hostVerifier: (key: Buffer) => {
        const base64 = key.toString('base64');
        settle(() => resolve(`ssh-ed25519 ${base64}`));
        return false;
      },
    });
  });
}
