import type { Connection } from './connect.ts';
import { sshFailed } from './errors.ts';
import { shellLine } from './quote.ts';
import type { RemoteEnd, RemoteOptions } from './types.ts';

const defaultOutputLimit = 16 * 1024;

/**
 * Runs one command on a connection and waits for its end. A command that did not end in time may go on there: what must
 * not is a named unit (units.ts), or bounds itself.
 * @throws SSH_FAILED: a lost connection, no end in time, cancelled. The connection is thrown away then.
 */
export function runOn(
  connection: Connection,
  where: string,
  argv: readonly string[],
  options: RemoteOptions,
): Promise<RemoteEnd> {
  const { client, lost } = connection;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      lost.removeEventListener('abort', onLost);
      options.signal?.removeEventListener('abort', onAbort);
      act();
    };
    const fail = (why: string): void => {
      settle(() => reject(sshFailed(where, why)));
      connection.end(why);
    };
    const onLost = (): void => fail(String(lost.reason));
    const onAbort = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no end within ${Math.round(options.timeoutMs)} ms`), options.timeoutMs);
    if (lost.aborted) return onLost();
    if (options.signal?.aborted) return onAbort();
    lost.addEventListener('abort', onLost, { once: true });
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      client.exec(shellLine(argv), (error, stream) => {
        if (error) return fail(error.message);
        const limit = options.outputLimit ?? defaultOutputLimit;
        const [stdout, stderr] = [bounded(limit), bounded(limit)];
        let ended: { code: number | null } | undefined;
        stream.on('data', stdout.take);
        stream.stderr.on('data', stderr.take);
        stream.on('exit', (code: number | null) => (ended = { code: code ?? null }));
        stream.on('error', (failure: Error) => fail(failure.message));
        stream.on('close', () => {
          // Without an exit status it was not the command that ended.
          if (!ended) return fail('the connection was lost before the command ended');
          const { code } = ended;
          settle(() =>
            resolve({
              ...{ code, stdout: stdout.text(), stderr: stderr.text() },
              truncated: stdout.over() || stderr.over(),
              ms: performance.now() - startedAt,
            }),
          );
        });
        stream.end(options.stdin ?? '');
      });
    } catch (error) {
      fail((error as Error).message);
    }
  });
}

/** The first bytes of a stream; cut between characters. */
function bounded(limit: number): { take: (chunk: Buffer) => void; text: () => string; over: () => boolean } {
  const kept: Buffer[] = [];
  let bytes = 0;
  return {
    take: (chunk) => {
      const room = Math.max(0, limit - bytes);
      if (room > 0) kept.push(chunk.subarray(0, room));
      bytes += chunk.length;
    },
    text: () => {
      const text = Buffer.concat(kept).toString('utf8');
      return bytes > limit ? text.replace(/\uFFFD+$/, '') : text;
    },
    over: () => bytes > limit,
  };
}
