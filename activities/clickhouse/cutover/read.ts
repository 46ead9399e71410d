import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { MovedBlocks } from '../../../src/runs/index.ts';
import type { SourceSeen } from '../partition/recheck-source.ts';
import type { QuietMark } from '../partition/move.ts';
import type { TargetSeen } from '../partition/read-target.ts';
import type { ManifestPart, Move } from '../partition/move.ts';
import { digestSum, hashedParts, partitionOf, sameDigest } from '../partition/move.ts';

/** What a cutover works from: the verified copy, and both sides as the last look found them. */
export type Cutover = {
  move: Move;
  /** Parts of the verified copy. */
  copy: readonly ManifestPart[];
  digest: TargetSeen['digest'];
  source: Pick<SourceSeen, 'parts' | 'maxBlock' | 'logEntry'>;
  /** Where both shards stood before the rows were digested. */
  quiet: QuietMark;
  own: TargetSeen;
  /** Where the target attaches from: the staging table, or what it once detached itself (undo-move). */
  from: 'staging' | 'detached';
};

/** How far a cutover has come, as the servers show it; `unclear` where something else has changed the target's parts. */
export type CutoverSeen = {
  attached: 'no' | 'yes' | 'unclear';
  /** `back`: what was detached has been attached again. */
  detached: 'no' | 'yes' | 'back';
  targetRows: number;
  sourceRows: number;
  /** The block numbers of what was attached, where nothing lies between them. */
  blocks?: MovedBlocks;
};

/**
 * Whether the copy is among the target's parts: each of its hashes in a part that was not there before. Where parts have
 * been merged meanwhile, a digest of all rows decides.
 */
export async function readTargetOf(
  node: ClickHouseNode,
  cutover: Omit<Cutover, 'source' | 'quiet'>,
): Promise<Pick<CutoverSeen, 'attached' | 'targetRows' | 'blocks'>> {
  const { move, copy, own, digest, from } = cutover;
  const now = await hashedParts(node, partitionOf(move));
  const targetRows = now.reduce((sum, part) => sum + part.rows, 0);
  const ours = new Set(own.parts);
  const came = now.filter(({ name }) => !ours.has(name));
  const hashes = new Set(came.map(({ hash }) => hash));
  const found = copy.filter(({ hash }) => hashes.has(hash)).length;
  if (found === copy.length) {
    const wanted = new Set(copy.map(({ hash }) => hash));
    const blocks = blocksOf(came.filter(({ hash }) => wanted.has(hash)));
    return { attached: 'yes', targetRows, ...(blocks ? { blocks } : {}) };
  }
  if (from === 'detached') {
    // Part by part, unlike an attach from staging: a rest is attached by the next one. Parts that were merged on either side of
    // the detach have other hashes: then the rows tell.
    if (came.length === 0) return { attached: 'no', targetRows };
    const rows = await node.digest({ ...partitionOf(move), final: move.final });
    return { attached: sameDigest(rows, digestSum(own.digest, digest)) ? 'yes' : 'no', targetRows };
  }
  const untouched = now.length - came.length === ours.size && came.every(({ level }) => level === 0);
  if (found === 0 && untouched) return { attached: 'no', targetRows };
  const all = await node.digest({ ...partitionOf(move), final: move.final });
  if (sameDigest(all, digestSum(own.digest, digest))) return { attached: 'yes', targetRows };
  if (sameDigest(all, own.digest)) return { attached: 'no', targetRows };
  return { attached: 'unclear', targetRows };
}

/** Nothing if a number between them is somebody else's: an insert that came in the middle of the attach. */
function blocksOf(parts: readonly { minBlock: number; maxBlock: number; rows: number }[]): MovedBlocks | undefined {
  const from = Math.min(...parts.map(({ minBlock }) => minBlock));
  const to = Math.max(...parts.map(({ maxBlock }) => maxBlock));
  const numbers = parts.reduce((sum, { minBlock, maxBlock }) => sum + maxBlock - minBlock + 1, 0);
  if (numbers !== to - from + 1) return undefined;
  return { from, to, rows: parts.reduce((sum, { rows }) => sum + rows, 0) };
}

/** Whether the source still shows what was copied. Parts that were attached again have other block numbers. */
export async function readSourceOf(
  node: ClickHouseNode,
  { move, source }: Cutover,
): Promise<Pick<CutoverSeen, 'detached' | 'sourceRows'>> {
  const now = await hashedParts(node, partitionOf(move));
  const sourceRows = now.reduce((sum, part) => sum + part.rows, 0);
  if (now.some(({ minBlock }) => minBlock <= source.maxBlock)) return { detached: 'no', sourceRows };
  const copied = new Set(source.parts.map(({ hash }) => hash));
  return { detached: now.some(({ hash }) => copied.has(hash)) ? 'back' : 'yes', sourceRows };
}

/**
 * Parts at the source that hold rows of the copy and rows that came after it: a server that was restarted has merged them, and
 * no detach can part them again.
 */
export function mixedParts<T extends { minBlock: number; maxBlock: number }>(
  parts: readonly T[],
  { maxBlock: copied }: Pick<SourceSeen, 'maxBlock'>,
): T[] {
  return parts.filter(({ minBlock, maxBlock }) => minBlock <= copied && maxBlock > copied);
}

/** Whether all that was moved is among these parts: not given away, or back as a whole. */
export function hasAllMoved(parts: readonly { hash: string }[], { source }: Pick<Cutover, 'source'>): boolean {
  const hashes = new Set(parts.map(({ hash }) => hash));
  return source.parts.every(({ hash }) => hashes.has(hash));
}
