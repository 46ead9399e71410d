import { createHash } from 'node:crypto';
import type { ClickHouseNode, Digest, TableMark, TableName } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseMoveData, MoveSide } from '../../../src/planning/clickhouse/index.ts';
import type { MovedBlocks } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { asStep, withServers } from '../access/access.ts';

/**
 * Where the table stood on both shards before its rows were digested. What a move copies is right only for as long as neither
 * has changed: a mutation rewrites parts that were there before it, and neither the copy nor what is attached later is.
 */
export type QuietMark = { source: TableMark; target: TableMark };

/** A move under way: its plan, and the table beside the target's own that is this run's alone. */
export type Move = ClickHouseMoveData & { staging: string };

/** A part as a manifest has it; `hash` of all its files: two parts with the same one hold the same bytes. */
export type ManifestPart = { name: string; rows: number; hash: string };

/** What the source has of the partition, equal on all its replicas. */
export type Manifest = Copied & {
  /** Where both shards stood before it was read: what has come since is in no copy of it. */
  quiet: QuietMark;
};
type Copied = { rows: number; bytes: number; digest: Digest; parts: readonly ManifestPart[] };

export function serversOfSide({ server, others }: MoveSide): readonly [string, ...string[]] {
  return [server, ...others];
}

export function partitionOf({ name, partition }: ClickHouseMoveData): TableName & { partitionId: string } {
  return { ...name, partitionId: partition };
}

export function stagingOf({ name, staging }: Move): TableName {
  return { database: name.database, table: staging };
}

export function stagedPartition(move: Move): TableName & { partitionId: string } {
  return { ...stagingOf(move), partitionId: move.partition };
}

/** Connections to one side's servers, the pinned one first. */
export function withSide<T>(
  access: ClickHouseClusterAccess,
  side: MoveSide,
  context: StepContext,
  use: (nodes: readonly [ClickHouseNode, ...ClickHouseNode[]]) => Promise<T>,
): Promise<T> {
  return withServers(
    access,
    serversOfSide(side),
    ([pinned, ...others]) => {
      if (!pinned) throw new TypeError('a side has a server');
      return use([pinned, ...others]);
    },
    asStep(context),
  );
}

/**
 * Stops merges where they must not run now: a server that was restarted has forgotten that they were stopped. One server
 * after the other: what waits for its connection while this process stands still would be sent when it wakes, and nobody
 * would ever start those merges again.
 */
export async function stopMergesOn(nodes: readonly ClickHouseNode[], table: TableName): Promise<void> {
  for (const node of nodes) await node.stopMerges(table);
}

const hashTries = 5;

/** The parts in use of one partition with their hashes; empty also where there is no such table. */
export async function hashedParts(
  node: ClickHouseNode,
  { partitionId, ...name }: TableName & { partitionId: string },
): Promise<(ManifestPart & { minBlock: number; maxBlock: number; level: number; ageSeconds: number })[]> {
  for (let tries = 1; ; tries += 1) {
    const parts = await node.parts(name, partitionId);
    if (parts.length === 0) return [];
    try {
      const hashes = parts.every(({ hash }) => hash !== '')
        ? Object.fromEntries(parts.map((part) => [part.name, part.hash]))
        : await node.partHashes(
            (await node.replica(name))?.replicaPath ?? '',
            parts.map((part) => part.name),
          );
      return parts.map(({ name: part, rows, minBlock, maxBlock, level, ageSeconds }) => ({
        ...{ name: part, rows, hash: short(hashes[part] ?? ''), minBlock, maxBlock, level, ageSeconds },
      }));
    } catch (error) {
      // A part that was listed and is gone: merged or detached in between.
      const gone = error instanceof GantryError && error.code === 'CLICKHOUSE_KEEPER_NO_NODE';
      if (!gone || tries >= hashTries) throw error;
    }
  }
}

/** 64 bits tell the parts of one partition apart; the whole would make a history of a thousand parts a heavy one. */
function short(hash: string): string {
  return createHash('sha256').update(hash).digest('hex').slice(0, 16);
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && a.sum === b.sum && a.xor === b.xor;
}

/** The digest of two sets of rows together. */
export function digestSum(a: Digest, b: Digest): Digest {
  const sum = (BigInt(a.sum) + BigInt(b.sum)) % (1n << 64n);
  return { rows: a.rows + b.rows, sum: String(sum), xor: String(BigInt(a.xor) ^ BigInt(b.xor)) };
}

/**
 * How long ago a part was written last, by its server's clock; without any, for ever. Below 0 it is no age: the clock was set back since. Those that hold nothing but what a move of Gantry's own
 * attached are no write, however often they were merged since, as long as all of its rows are there and no others.
 */
export function quietSeconds(
  parts: readonly { minBlock: number; maxBlock: number; rows: number; ageSeconds: number }[],
  moved?: MovedBlocks,
): number {
  const within = ({ minBlock, maxBlock }: { minBlock: number; maxBlock: number }): boolean =>
    moved !== undefined && minBlock >= moved.from && maxBlock <= moved.to;
  const rows = parts.filter(within).reduce((sum, part) => sum + part.rows, 0);
  const written = rows === moved?.rows ? parts.filter((part) => !within(part)) : parts;
  return Math.min(Infinity, ...written.map(({ ageSeconds }) => ageSeconds));
}

/** Whether two lists hold the same hashes, each as often. */
export function sameHashes(a: readonly { hash: string }[], b: readonly { hash: string }[]): boolean {
  const sorted = (list: readonly { hash: string }[]): string =>
    list
      .map(({ hash }) => hash)
      .sort()
      .join();
  return sorted(a) === sorted(b);
}
