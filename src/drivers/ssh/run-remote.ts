import { connect, whereIs } from './connect.ts';
import { runOn } from './run-on.ts';
import type { RemoteEnd, RemoteOptions, SshTarget } from './types.ts';

/**
 * Runs one command over a connection of its own: what a second vantage sees, or a look that must not rest on a connection
 * that is already there.
 * @throws SSH_FAILED: no connection, another host key, a private key that cannot be used, a refused login, no end in time
 */
export async function runRemote(
  target: SshTarget,
  argv: readonly string[],
  options: RemoteOptions,
): Promise<RemoteEnd> {
  const startedAt = performance.now();
  const connection = await connect(target, options);
  try {
    const spent = performance.now() - startedAt;
    const timeoutMs = Math.max(1, options.timeoutMs - spent);
    const end = await runOn(connection, whereIs(target), argv, { ...options, timeoutMs });
    return { ...end, ms: performance.now() - startedAt };
  } finally {
    connection.end('done');
  }
}
