/**
 * What became of each write of one writer, in its order. 13 bytes a write in fixed blocks: a few million writes make no
 * garbage, so that the writer's own pauses stay far below what it measures.
 */
export type WriteLedger = {
  /** Settled writes: 0 … size-1. The one in flight isn't among them. */
  readonly size: number;
  readonly acked: number;
  readonly unknown: number;
  /** Writes that this node acknowledged. */
  ackedBy(node: number): number;
  /** Settles the next write: acknowledged by `node` (an index below 250), `latencyMs` after it was sent. */
  ack(atMs: number, latencyMs: number, node: number): void;
  /** Settles the next write: sent, and nobody will ever say what became of it. */
  lose(atMs: number): void;
  /** When write `seq` was settled. Never falls with `seq`. */
  timeOf(seq: number): number;
  latencyOf(seq: number): number;
  /** The node that acknowledged write `seq`, or -1: unknown. */
  nodeOf(seq: number): number;
  /** The first write settled at or after `atMs`; `size` when there is none. */
  firstSince(atMs: number): number;
};

const blockBits = 14;
const blockSize = 1 << blockBits;
const blockMask = blockSize - 1;
const unknownMark = 255;

type Block = { time: Float64Array; latency: Float32Array; node: Uint8Array };

/** An empty ledger. */
export function createLedger(): WriteLedger {
  const blocks: Block[] = [];
  let size = 0;
  let acked = 0;
  const byNode = new Float64Array(unknownMark);

  const settle = (atMs: number, latencyMs: number, node: number): void => {
    let block = blocks[size >> blockBits];
    if (!block) {
      block = {
        time: new Float64Array(blockSize),
        latency: new Float32Array(blockSize),
        node: new Uint8Array(blockSize),
      };
      blocks.push(block);
    }
    const at = size & blockMask;
    block.time[at] = atMs;
    block.latency[at] = latencyMs;
    block.node[at] = node;
    size += 1;
  };
  const blockOf = (seq: number): Block => {
    const block = blocks[seq >> blockBits];
    if (!block || seq >= size) throw new RangeError(`write ${seq} is not settled`);
    return block;
  };
  const timeOf = (seq: number): number => blockOf(seq).time[seq & blockMask] as number;

  return {
    get size() {
      return size;
    },
    get acked() {
      return acked;
    },
    get unknown() {
      return size - acked;
    },
    ackedBy: (node) => byNode[node] ?? 0,
    ack(atMs, latencyMs, node) {
      settle(atMs, latencyMs, node);
      acked += 1;
      byNode[node] = (byNode[node] as number) + 1;
    },
    lose: (atMs) => settle(atMs, 0, unknownMark),
    timeOf,
    latencyOf: (seq) => blockOf(seq).latency[seq & blockMask] as number,
    nodeOf(seq) {
      const node = blockOf(seq).node[seq & blockMask] as number;
      return node === unknownMark ? -1 : node;
    },
    firstSince(atMs) {
      let [low, high] = [0, size];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (timeOf(middle) < atMs) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}
