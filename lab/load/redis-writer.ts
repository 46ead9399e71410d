import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { monotonicMs } from '../clock.ts';
import type { Primary, PrimaryWatch } from './primary-watch.ts';
import type { WriteLedger } from './write-ledger.ts';
import { createLedger } from './write-ledger.ts';

export type WriterOptions = {
  /** `w:<run>:<writer>:`; the write's number, or its slot when `keySpace` is given, follows. */
  keyPrefix: string;
  keySpace: number;
  /** 0: as fast as the replies come. */
  everyMs: number;
  maxWrites: number;
  /** A write without a reply for so long is unknown, and its connection given up. */
  replyTimeoutMs: number;
  /** The same once discovery names another primary: nobody waits on a dead one for long. */
  abandonAfterMs: number;
  password?: string;
  watch: PrimaryWatch;
  /** Index of a node by its address. */
  indexOf(address: Primary): number;
  /** Where this writer finds a node that discovery names: another address than everybody's if it has a way of its own. */
  route(address: Primary): Primary;
};

export type RedisWriter = {
  readonly ledger: WriteLedger;
  /** Writes refused by an error reply (READONLY, NOREPLICAS, …): known not to be applied. */
  readonly refused: number;
  /** Connections tried after the first: many while a primary is away. */
  readonly reconnects: number;
  readonly lastError: string | undefined;
  /** No more writes will follow: asked to stop, or at its bound. */
  readonly ended: boolean;
  /** Gives up what has had no reply for too long. Called by one timer for all writers. */
  sweep(nowMs: number): void;
  /** The write in flight may still be answered within `replyTimeoutMs`. */
  stop(): Promise<void>;
};

/**
 * One client that writes one key after the other on one plain connection, never two writes at once. An error reply, a
 * closed connection or silence makes it look where the primary is, and go on there at once: about every millisecond.
 */
export function startWriter(options: WriterOptions): RedisWriter {
  const { watch, everyMs } = options;
  const ledger = createLedger();
  let socket: Socket | undefined;
  let at: Primary | undefined;
  let node = 0;
  let waiting: 'nothing' | 'connection' | 'auth' | 'write' = 'nothing';
  let waitingSinceMs = 0;
  let dueMs = 0;
  let partial = '';
  let [refused, connections] = [0, 0];
  let lastError: string | undefined;
  let [stopping, ended, looking] = [false, false, false];
  let paced: NodeJS.Timeout | undefined;
  let whenEnded: () => void;
  const ending = new Promise<void>((resolve) => (whenEnded = resolve));

  const end = (): void => {
    ended = true;
    clearTimeout(paced);
    socket?.destroy();
    whenEnded();
  };

  /** Lets go of the connection; a write that was on it has an unknown fate. */
  const leave = (why: string): void => {
    lastError = why;
    if (waiting === 'write') ledger.lose(monotonicMs());
    waiting = 'nothing';
    const old = socket;
    socket = undefined;
    old?.destroy();
    void recheckSource();
  };

  /** A millisecond, or less when discovery has news; then to whoever is primary, on the same connection when it is the same. */
  const recheckSource = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    if (at !== undefined && isSame(watch.current(), at)) await watch.news(1);
    while (watch.current() === undefined && !stopping) await watch.news(20);
    looking = false;
    const primary = watch.current();
    if (stopping || !primary) return end();
    if (socket && isSame(primary, at)) return write();
    open(primary);
  };

  const open = (primary: Primary): void => {
    socket?.destroy();
    at = primary;
    node = options.indexOf(primary);
    partial = '';
    connections += 1;
    wait('connection');
    const opened: Socket = connect({
      ...options.route(primary),
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafeSlow(4_096),
        callback(bytes, buffer) {
          if (opened === socket) received(buffer as Buffer, bytes);
          return true;
        },
      },
    });
    socket = opened;
    opened.once('connect', () => {
      if (opened !== socket) return;
      if (options.password === undefined) return write();
      wait('auth');
      opened.write(`*2\r\n$4\r\nAUTH\r\n${bulk(options.password)}`);
    });
    let why = 'connection closed';
    opened.on('error', (error) => (why = error.message));
    opened.once('close', () => opened === socket && !ended && leave(why));
  };

  const wait = (what: 'connection' | 'auth' | 'write'): void => {
    waiting = what;
    waitingSinceMs = monotonicMs();
  };

  const write = (): void => {
    waiting = 'nothing';
    if (stopping || ledger.size >= options.maxWrites) return end();
    if (everyMs > 0) {
      const nowMs = monotonicMs();
      if (nowMs < dueMs) {
        clearTimeout(paced);
        paced = setTimeout(() => socket && waiting === 'nothing' && write(), dueMs - nowMs);
        return;
      }
      // Behind by a little: catch up. Behind by more (a gap): no burst afterwards.
      dueMs = nowMs - dueMs > 50 ? nowMs + everyMs : dueMs + everyMs;
    }
    const seq = ledger.size;
    wait('write');
    const key = options.keyPrefix + String(seq % options.keySpace);
    socket?.write(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n${bulk(String(seq))}`, 'latin1');
  };

  const received = (buffer: Buffer, bytes: number): void => {
    // The common case, "+OK\r\n" in one piece, without making a string of it.
    if (waiting === 'write' && bytes === 5 && partial === '' && buffer[0] === 0x2b) return acked();
    partial += buffer.toString('latin1', 0, bytes);
    if (!partial.endsWith('\r\n')) return;
    const reply = partial.trimEnd();
    partial = '';
    if (!reply.startsWith('-')) return waiting === 'write' ? acked() : write();
    refused += 1;
    lastError = reply.slice(1);
    waiting = 'nothing';
    void recheckSource();
  };

  const acked = (): void => {
    const nowMs = monotonicMs();
    ledger.ack(nowMs, nowMs - waitingSinceMs, node);
    write();
  };

  watch.onNews((primary) => {
    if (ended || isSame(primary, at) || !socket || !Number.isFinite(options.abandonAfterMs)) return;
    const [left, since] = [socket, waitingSinceMs];
    setTimeout(() => {
      if (socket === left && waiting !== 'nothing' && waitingSinceMs === since) leave('abandoned: primary has moved');
    }, options.abandonAfterMs);
  });
  void recheckSource();

  return {
    ledger,
    get refused() {
      return refused;
    },
    get reconnects() {
      return Math.max(0, connections - 1);
    },
    get lastError() {
      return lastError;
    },
    get ended() {
      return ended;
    },
    sweep(nowMs) {
      if (ended || waiting === 'nothing') return;
      if (nowMs - waitingSinceMs > options.replyTimeoutMs) leave(`no reply in ${options.replyTimeoutMs} ms`);
    },
    async stop() {
      stopping = true;
      await ending;
    },
  };
}

function isSame(a: Primary | undefined, b: Primary | undefined): boolean {
  return a !== undefined && a.host === b?.host && a.port === b.port;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
