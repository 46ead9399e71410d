import { randomBytes } from 'node:crypto';
import { GantryError } from '../../src/errors/index.ts';
import { monotonicMs } from '../clock.ts';
import type { RedisAddress } from '../redis/client.ts';
import { watchPrimary } from './primary-watch.ts';
import { startWriter } from './redis-writer.ts';
import type { Verdict } from './verify-writes.ts';
import { verifyWrites } from './verify-writes.ts';
import type { Handover, Window, WriterGap } from './write-gaps.ts';
import { handovers, longestGap } from './write-gaps.ts';

export type WritersOptions = {
  discoveryUrl: string;
  group: string;
  /** Default 4. */
  writers?: number;
  password?: string;
  /** Writes a second of each writer; the gap is at least its interval. Left out: as fast as the replies come. */
  ratePerWriter?: number;
  /** Bound in time; default a minute. */
  maxMs?: number;
  /** Bound in writes, all writers together; default a million. */
  maxWrites?: number;
  /** Distinct keys of each writer, then over from the first; default: a key of its own for every write. */
  keySpace?: number;
  /** Names of the nodes by `host:port`; the address itself where there is none. */
  nodeNames?: Readonly<Record<string, string>>;
  /** Default 1000. */
  replyTimeoutMs?: number;
  /** How long a writer still waits on a node once discovery names another; default 20, `null`: for its whole timeout. */
  abandonAfterMs?: number | null;
  /** A way of their own to a node, by the `host:port` that discovery tells (a link that a test can cut). */
  routes?: Readonly<Record<string, RedisAddress>>;
};

export type WritersSnapshot = {
  atMs: number;
  running: number;
  acked: number;
  unknown: number;
  refused: number;
  reconnects: number;
  /** Acknowledged writes by the node that acknowledged them. */
  byNode: Record<string, number>;
  writers: { acked: number; unknown: number; refused: number; lastError?: string }[];
};

export type GapReport = {
  /** The worst of all writers; 0 when nothing was acknowledged in or before the window. */
  maxMs: number;
  writers: (Omit<WriterGap, 'fromNode' | 'toNode'> & { fromNode: string; toNode: string })[];
};

export type PrimariesReport = {
  /** Some acknowledgement on the old node came after the first one on the new (runbook, correction 10). */
  twoPrimaries: boolean;
  handovers: (Omit<Handover, 'fromNode' | 'toNode'> & { fromNode: string; toNode: string })[];
};

export type Writers = {
  snapshot(): WritersSnapshot;
  /** Names this moment; gives it in ms of the monotonic clock. */
  mark(label: string): number;
  /** The write gap between two marks; to now without the second. */
  gap(fromMark: string, toMark?: string): GapReport;
  gaps(window?: Window): GapReport;
  /** For a window with one handover in it. */
  twoPrimaries(window?: Window): PrimariesReport;
  /** Reads every acknowledged write back from this node, the present primary. Best after `stop()`. */
  verify(node: RedisAddress): Promise<Verdict & { lostByNode: Record<string, number> }>;
  /** Lets the writes in flight settle, and ends. What was recorded can still be asked. */
  stop(): Promise<WritersSnapshot>;
};

/**
 * Starts sequential writers against a group's primary, found through discovery. In this process: its event loop is in the
 * measurement, so a test of gaps uses `startWriterProcess`.
 */
export function startWriters(options: WritersOptions): Writers {
  const { writers: count = 4, maxMs = 60_000, maxWrites = 1_000_000, keySpace = Number.MAX_SAFE_INTEGER } = options;
  const run = randomBytes(4).toString('hex');
  const watch = watchPrimary(options.discoveryUrl, options.group);
  const addresses: string[] = [];
  const names: string[] = [];
  const indexOf = ({ host, port }: RedisAddress): number => {
    const address = `${host}:${port}`;
    const known = addresses.indexOf(address);
    if (known >= 0) return known;
    names.push(options.nodeNames?.[address] ?? address);
    return addresses.push(address) - 1;
  };
  const keyPrefixOf = (writer: number): string => `w:${run}:${writer}:`;
  const writers = Array.from({ length: count }, (_, writer) =>
    startWriter({
      keyPrefix: keyPrefixOf(writer),
      keySpace,
      everyMs: options.ratePerWriter === undefined ? 0 : 1_000 / options.ratePerWriter,
      maxWrites: Math.ceil(maxWrites / count),
      replyTimeoutMs: options.replyTimeoutMs ?? 1_000,
      abandonAfterMs: options.abandonAfterMs === null ? Infinity : (options.abandonAfterMs ?? 20),
      ...(options.password === undefined ? {} : { password: options.password }),
      watch,
      indexOf,
      route: (told) => options.routes?.[`${told.host}:${told.port}`] ?? told,
    }),
  );
  const ledgers = writers.map((writer) => writer.ledger);
  const marks = new Map<string, number>();
  const sweeping = setInterval(() => writers.forEach((writer) => writer.sweep(monotonicMs())), 20);
  const bound = setTimeout(() => void stop(), maxMs);

  const named = <T extends { fromNode: number; toNode: number }>(it: T) => ({
    ...it,
    fromNode: names[it.fromNode] ?? '?',
    toNode: names[it.toNode] ?? '?',
  });
  const markOf = (label: string): number => {
    const atMs = marks.get(label);
    if (atMs === undefined) throw new GantryError('LAB_PART_FAILED', `the writers have no mark ${label}`);
    return atMs;
  };
  const gaps = ({ sinceMs = -Infinity, untilMs = monotonicMs() }: Window = {}): GapReport => {
    const found = ledgers.flatMap((ledger, writer) => longestGap(writer, ledger, sinceMs, untilMs) ?? []);
    return { maxMs: Math.max(0, ...found.map((gap) => gap.gapMs)), writers: found.map(named) };
  };
  const snapshot = (): WritersSnapshot => {
    const sum = (of: (writer: (typeof writers)[number]) => number): number =>
      writers.reduce((total, writer) => total + of(writer), 0);
    const byNode = names.map((name, node): [string, number] => [name, sum(({ ledger }) => ledger.ackedBy(node))]);
    return {
      atMs: monotonicMs(),
      running: writers.filter((writer) => !writer.ended).length,
      acked: sum(({ ledger }) => ledger.acked),
      unknown: sum(({ ledger }) => ledger.unknown),
      refused: sum((writer) => writer.refused),
      reconnects: sum((writer) => writer.reconnects),
      byNode: Object.fromEntries(byNode),
      writers: writers.map(({ ledger, refused, lastError }) => ({
        ...{ acked: ledger.acked, unknown: ledger.unknown, refused },
        ...(lastError === undefined ? {} : { lastError }),
      })),
    };
  };
  const stop = async (): Promise<WritersSnapshot> => {
    clearTimeout(bound);
    await Promise.all(writers.map((writer) => writer.stop()));
    clearInterval(sweeping);
    watch.stop();
    return snapshot();
  };

  return {
    snapshot,
    mark(label) {
      const atMs = monotonicMs();
      marks.set(label, atMs);
      return atMs;
    },
    gap: (fromMark, toMark) =>
      gaps({ sinceMs: markOf(fromMark), ...(toMark === undefined ? {} : { untilMs: markOf(toMark) }) }),
    gaps,
    twoPrimaries({ sinceMs = -Infinity, untilMs = Infinity } = {}) {
      const found = handovers(ledgers, sinceMs, untilMs).map(named);
      return { twoPrimaries: found.some((handover) => handover.acksOnOldAfter > 0), handovers: found };
    },
    async verify(node) {
      const all = ledgers.map((ledger, writer) => ({ ledger, keyPrefix: keyPrefixOf(writer) }));
      const { lostByNode, ...verdict } = await verifyWrites(all, keySpace, node, options.password);
      const named = [...lostByNode].map(([index, lost]): [string, number] => [names[index] ?? '?', lost]);
      return { ...verdict, lostByNode: Object.fromEntries(named) };
    },
    stop,
  };
}
