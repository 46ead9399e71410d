import type { Redis } from 'ioredis';
import { GantryError } from '../../errors/index.ts';

/** A piece of a node's replication stream: `from` and `to` are offsets, both included, and in its backlog. */
export type StreamPiece = { replid: string; from: number; to: number };

/**
 * Asks a node, as a replica would (PSYNC), for bytes that it still has in its backlog, and takes over the client's socket
 * for it: the connection is of no use afterwards, and is closed. The caller has seen in INFO that the backlog holds them:
 * a full copy is never waited for.
 * @throws REDIS_UNEXPECTED_ANSWER, REDIS_TIMEOUT
 */
export function readStreamPiece(client: Redis, { replid, from, to }: StreamPiece, timeoutMs: number): Promise<Buffer> {
  const socket = client.stream;
  const wanted = to - from + 1;
  return new Promise<Buffer>((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      client.disconnect();
      settle();
    };
    const fail = (code: 'REDIS_UNEXPECTED_ANSWER' | 'REDIS_TIMEOUT', why: string): void =>
      end(() => reject(new GantryError(code, `PSYNC for offsets ${from} to ${to}: ${why}`)));
    const timer = setTimeout(() => fail('REDIS_TIMEOUT', `not all within ${timeoutMs} ms`), timeoutMs);
    let bytes = Buffer.alloc(0);
    let begins = -1;
    // The library's parser would take the stream for replies.
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (begins < 0) {
        const line = bytes.indexOf('\r\n');
        if (line < 0) return;
        const answer = bytes.toString('latin1', 0, line);
        if (!answer.startsWith('+CONTINUE')) return fail('REDIS_UNEXPECTED_ANSWER', answer.slice(0, 100));
        begins = line + 2;
      }
      if (bytes.length - begins >= wanted) {
        const piece = bytes.subarray(begins, begins + wanted);
        end(() => resolve(piece));
      }
    });
    socket.once('close', () => fail('REDIS_UNEXPECTED_ANSWER', 'the connection was closed'));
    const words = ['PSYNC', replid, String(from)];
    socket.write(`*3\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`);
  });
}
