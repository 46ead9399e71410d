import type { ErrorCode } from '../../../errors/index.ts';

/** What one replica says of one of its disks. On a server without storage policies there is one, of tier `default`. */
export type DiskFacts = {
  name: string;
  tier: string;
  totalBytes: number;
  freeBytes: number;
  /** What the server or the platform file keeps free (keep_free_space_bytes). */
  reserveBytes: number;
};

/** A replica and its disks, or why it did not answer. */
export type ReplicaFacts = { name: string } & (
  { disks: readonly DiskFacts[]; problem?: never } | { disks?: never; problem: { code: ErrorCode; message: string } }
);

/** Why a partition must not be touched, as the driver found it. */
export type PartitionFlag =
  | 'mutation-running'
  | 'foreign-detached'
  | 'too-big-to-drop'
  | 'replicas-differ'
  | 'spans-tiers'
  | 'remote-disk'
  | 'not-backed-up';

/** One partition of the table on one shard, both replicas agreeing unless a flag says otherwise. */
export type PartitionFacts = {
  /** `partition_id` of system.parts. */
  id: string;
  rows: number;
  /** On disk, of one replica. */
  bytes: number;
  parts: number;
  tier: string;
  /**
   * When the last row or part was written, epoch milliseconds: its age as its own server says it, back from `nowMs`. Left out
   * where it isn't known: the partition counts as open.
   */
  newestWriteMs?: number;
  /** Something says that it still takes rows: the producer's rule, a running insert. */
  open: boolean;
  /** Reads, from query_log where there is one. */
  heat?: number;
  flags: readonly PartitionFlag[];
};

export type ShardFacts = {
  name: string;
  /** Of the Distributed table; 0 empties the shard. */
  weight: number;
  replicas: readonly ReplicaFacts[];
  partitions: readonly PartitionFacts[];
};

/**
 * What background merges do with rows of equal keys, which decides what may be put beside them: `plain` keeps all;
 * `aggregating` and `summing` keep totals but not rows; `replacing` and `collapsing` drop rows, so that two shards' rows of
 * a partition must never meet.
 */
export type EngineFamily = 'plain' | 'aggregating' | 'summing' | 'replacing' | 'collapsing' | 'unknown';

export type TableFacts = {
  database: string;
  name: string;
  /** As the server writes it, for messages. */
  engine: string;
  family: EngineFamily;
  /** The Distributed table's sharding key; `random` only where placement means nothing (rand(), or none with one shard). */
  sharding: { kind: 'random' } | { kind: 'key'; expression: string };
};

/** The cluster as data, read at one time. */
export type RebalanceFacts = {
  cluster: string;
  table: TableFacts;
  /** When it was read, epoch milliseconds of the reader. Only differences to it mean anything: see `newestWriteMs`. */
  nowMs: number;
  shards: readonly ShardFacts[];
};

export type RebalancePolicy = {
  /** How far from its share a tier of a shard may be, as a part of the share: 0.05. */
  tolerance: number;
  /** Differences up to this many bytes are never worth a move. */
  ignoreBytes: number;
  maxBytes: number;
  maxMoves: number;
  /** Moves at once. */
  window: number;
  /** What a move needs on the destination while it runs, in multiples of its bytes: staging and attached. At least 1. */
  stagingFactor: number;
  /** Part of each disk that is kept free beside its own reserve; the larger of the two counts. */
  reserveShare: number;
  /** A partition is closed when nothing was written to it, on any shard, for this long: max(retry horizon, dedup window). */
  closedAfterMs: number;
  /** What one move transfers, for the estimate. Bytes per second. */
  moveBytesPerSecond: number;
  /** What a move costs beside the transfer: digests, fence, cutover, pause. */
  moveOverheadMs: number;
  /** Where the tolerance can't be reached: what a move must gain in balance, per byte moved. */
  worth: number;
};

/** Something that is in the way; the caller adds the catalogue's hint. */
export type Finding = { code: ErrorCode; message: string; place?: string };
