import type { Redis } from 'ioredis';
import { GantryError } from '../../errors/index.ts';
import type { RedisSnapshot } from './types.ts';

/** How long a header line may be: `+FULLRESYNC`, 40 digits and an offset; or an error. */
const lineBytes = 1_000;
/** What ends a snapshot whose length is not known beforehand (diskless replication). */
const markBytes = 40;

type How = { waitMs: number; idleMs: number; signal?: AbortSignal };

/**
 * Asks a node for a full copy, as a replica would, and takes over the client's socket for it. No REPLCONF is sent: without
 * `capa eof` the node announces the length, whatever `repl-diskless-sync` says; one that does not is understood too.
 * @throws ARCHIVE_REDIS_SNAPSHOT_BROKEN
 */
export async function readSnapshot(client: Redis, { waitMs, idleMs, signal }: How): Promise<RedisSnapshot> {
  const socket = client.stream;
  // The library's parser would take the stream for replies.
  socket.removeAllListeners('data');
  socket.pause();
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const close = (): void => {
    client.disconnect();
    socket.destroy();
  };
  const onAbort = (): void => void socket.destroy();
  signal?.addEventListener('abort', onAbort, { once: true });
  let rest: Buffer = Buffer.alloc(0);
  const more = async (limitMs: number): Promise<boolean> => {
    const next = await within(chunks.next(), limitMs, signal);
    if (next.done) return false;
    rest = rest.length > 0 ? Buffer.concat([rest, next.value]) : next.value;
    return true;
  };
  const line = async (limitMs: number): Promise<string> => {
    for (;;) {
      // While it forks the node sends empty lines, to be known alive.
      let from = 0;
      while (rest[from] === 10) from += 1;
      rest = rest.subarray(from);
      const at = rest.indexOf(10);
      if (at >= 0) {
        const text = rest.toString('latin1', 0, at).replace(/\r$/, '');
        rest = rest.subarray(at + 1);
        return text;
      }
      if (rest.length > lineBytes) throw broken('the node answers what is no reply');
      if (!(await more(limitMs))) throw broken('the node closed the connection before it began');
    }
  };
  try {
    socket.write('*3\r\n$5\r\nPSYNC\r\n$1\r\n?\r\n$2\r\n-1\r\n');
    const answer = await line(waitMs);
    const begun = /^\+FULLRESYNC ([0-9a-f]{40}) (\d+)$/.exec(answer);
    if (!begun) throw broken(`the node answers ${answer.slice(0, 120)}`);
    const header = await line(waitMs);
    const length = /^\$(\d+)$/.exec(header)?.[1];
    const mark = /^\$EOF:(.{40})$/.exec(header)?.[1];
    if (length === undefined && mark === undefined) throw broken(`the node announces ${header.slice(0, 60)}`);
    const [, replid = '', offset = ''] = begun;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      try {
        const take = { rest: () => rest, set: (left: Buffer) => void (rest = left), more: () => more(idleMs) };
        yield* length === undefined ? marked(take, Buffer.from(mark ?? '', 'latin1')) : counted(take, Number(length));
      } finally {
        signal?.removeEventListener('abort', onAbort);
        close();
      }
    };
    return { replid, offset: Number(offset), body: body() };
  } catch (error) {
    signal?.removeEventListener('abort', onAbort);
    close();
    if (signal?.aborted) throw signal.reason;
    throw error instanceof GantryError ? error : broken(error instanceof Error ? error.message : String(error));
  }
}

type Take = { rest: () => Buffer; set: (left: Buffer) => void; more: () => Promise<boolean> };

async function* counted(take: Take, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  while (left > 0) {
    if (take.rest().length === 0 && !(await take.more())) throw broken(`it ended ${left} of ${length} bytes too soon`);
    const piece = take.rest().subarray(0, left);
    take.set(take.rest().subarray(piece.length));
    left -= piece.length;
    yield piece;
  }
}

async function* marked(take: Take, mark: Buffer): AsyncGenerator<Uint8Array> {
  for (;;) {
    const held = take.rest();
    // The mark ends the snapshot and nothing follows it before we acknowledge something, which we never do.
    if (held.length >= markBytes && held.subarray(held.length - markBytes).equals(mark)) {
      yield held.subarray(0, held.length - markBytes);
      return;
    }
    const safe = Math.max(0, held.length - markBytes);
    if (safe > 0) {
      take.set(held.subarray(safe));
      yield held.subarray(0, safe);
    }
    if (!(await take.more())) throw broken('it ended without its mark');
  }
}

async function within<T>(next: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(broken(`nothing came for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([next, silence]);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof GantryError ? error : broken((error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

function broken(why: string): GantryError {
  return new GantryError('ARCHIVE_REDIS_SNAPSHOT_BROKEN', `the snapshot of Redis: ${why}`);
}
