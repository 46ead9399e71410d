import type { WriteLedger } from './write-ledger.ts';

/** A stretch of the monotonic clock (`monotonicMs`). Left out: from the beginning, to now. */
export type Window = { sinceMs?: number; untilMs?: number };

/** The longest time of one writer from one acknowledged write to the next. */
export type WriterGap = {
  writer: number;
  gapMs: number;
  /** When the write before the gap and the one after it were acknowledged. */
  fromMs: number;
  toMs: number;
  /** Indices of the nodes that acknowledged them. */
  fromNode: number;
  toNode: number;
  /** No write has been acknowledged since: it lasts still, or the writer has ended. */
  open: boolean;
};

/**
 * The longest gap of one writer that touches the window, counted whole though it may begin before it. Undefined when
 * nothing was acknowledged before its end.
 */
export function longestGap(
  writer: number,
  ledger: WriteLedger,
  sinceMs: number,
  untilMs: number,
): WriterGap | undefined {
  let previous = lastAckBefore(ledger, ledger.firstSince(sinceMs));
  let longest: WriterGap | undefined;
  const consider = (toMs: number, toNode: number, open: boolean): void => {
    if (previous === undefined) return;
    const fromMs = ledger.timeOf(previous);
    if (longest !== undefined && toMs - fromMs <= longest.gapMs) return;
    longest = { writer, gapMs: toMs - fromMs, fromMs, toMs, fromNode: ledger.nodeOf(previous), toNode, open };
  };
  for (let seq = previous === undefined ? 0 : previous + 1; seq < ledger.size; seq += 1) {
    if (ledger.nodeOf(seq) < 0) continue;
    const atMs = ledger.timeOf(seq);
    consider(atMs, ledger.nodeOf(seq), false);
    previous = seq;
    if (atMs > untilMs) return longest;
  }
  // Nothing acknowledged after the window's end: the gap that is open there counts too.
  if (previous !== undefined && ledger.timeOf(previous) <= untilMs) consider(untilMs, ledger.nodeOf(previous), true);
  return longest;
}

/** One change of node inside a window. */
export type Handover = {
  fromNode: number;
  toNode: number;
  firstAckOnNewMs: number;
  lastAckOnOldMs: number;
  /** Acknowledgements of the old node that arrived after the new node's first: two primaries. */
  acksOnOldAfter: number;
  /** Those of them whose write was even sent after it: no delay of ours on the way can explain them. */
  sentToOldAfter: number;
};

/** The changes of node in a window that holds one handover (or a chain that never goes back), oldest first. */
export function handovers(ledgers: readonly WriteLedger[], sinceMs: number, untilMs: number): Handover[] {
  const first = new Map<number, number>();
  const last = new Map<number, number>();
  eachAck(ledgers, sinceMs, untilMs, (node, atMs) => {
    first.set(node, Math.min(first.get(node) ?? Infinity, atMs));
    last.set(node, Math.max(last.get(node) ?? -Infinity, atMs));
  });
  const order = [...first].sort((a, b) => a[1] - b[1]);
  return order.slice(1).map(([toNode, firstAckOnNewMs], at) => {
    const fromNode = (order[at] as [number, number])[0];
    let [acksOnOldAfter, sentToOldAfter] = [0, 0];
    eachAck(ledgers, firstAckOnNewMs, untilMs, (node, atMs, latencyMs) => {
      if (node !== fromNode || atMs <= firstAckOnNewMs) return;
      acksOnOldAfter += 1;
      if (atMs - latencyMs > firstAckOnNewMs) sentToOldAfter += 1;
    });
    const lastAckOnOldMs = last.get(fromNode) as number;
    return { fromNode, toNode, firstAckOnNewMs, lastAckOnOldMs, acksOnOldAfter, sentToOldAfter };
  });
}

function eachAck(
  ledgers: readonly WriteLedger[],
  sinceMs: number,
  untilMs: number,
  visit: (node: number, atMs: number, latencyMs: number) => void,
): void {
  for (const ledger of ledgers) {
    for (let seq = ledger.firstSince(sinceMs); seq < ledger.size; seq += 1) {
      const atMs = ledger.timeOf(seq);
      if (atMs > untilMs) break;
      const node = ledger.nodeOf(seq);
      if (node >= 0) visit(node, atMs, ledger.latencyOf(seq));
    }
  }
}

function lastAckBefore(ledger: WriteLedger, seq: number): number | undefined {
  for (let at = seq - 1; at >= 0; at -= 1) if (ledger.nodeOf(at) >= 0) return at;
  return undefined;
}
