import type { ErrorCode } from '../../../errors/index.ts';
import type { ClickHouseMoveBack } from '../../../runs/index.ts';

/** What the platform file says of a table, as far as the plan of a move needs it. Structurally a part of its `ClickHouseTable`. */
export type MoveIntent = {
  fence: { kind: 'command' | 'ssh' } | { kind: 'quiet'; forMs: number };
  closedAfterMs: number;
  maxPartitionBytes: number;
  retainMs: number;
  /** What a copy may take of the network. */
  maxFetchBytesPerSecond?: number;
  /** Set where rows are placed by a key. */
  keys?: object;
  /** Rows may come while both shards are read: its replicas are compared once the writers are held. */
  underWrites?: boolean;
};

/** One server of the two shards, as it answered. */
export type MoveServerReading = {
  /** Columns and keys as one text; what differs by server (paths, replica names) left out. */
  structure: string;
  engine: string;
  zookeeperPath: string;
  leader: boolean;
  readOnly: boolean;
  sessionExpired: boolean;
  /** Entries of its replication queue that aren't merges. */
  queued: number;
  totalReplicas: number;
  activeReplicas: number;
  /** Mutations that aren't done. */
  mutations: number;
  /** Something of this partition lies in `detached`. */
  detached: boolean;
  rows: number;
  bytes: number;
  parts: number;
  /**
   * How long ago a part of it was written last, by that server's own clock; left out without parts. What a move that is taken
   * back attached is no write. Below 0 where the clock was set back since: no age.
   */
  quietSeconds?: number;
  /** Whether it can cap what a fetch takes of the network. */
  capsFetches: boolean;
  /** Of the emptiest disk; left out where the server can't say. */
  freeBytes?: number;
};

export type MoveServerFacts = { name: string } & (
  { reading: MoveServerReading; problem?: never } | { problem: { code: ErrorCode; message: string }; reading?: never }
);

/** Both shards as data, read at one time; servers in the order of their replica numbers. */
export type MoveFacts = {
  source: readonly MoveServerFacts[];
  target: readonly MoveServerFacts[];
};

/** One shard's part in a move: the server on which every statement is made, and its siblings. */
export type MoveSide = { shard: number; server: string; others: readonly string[]; zookeeperPath: string };

/** What the steps of a move work from. It holds no reading that moves by itself. */
export type ClickHouseMoveData = {
  /** Names of the platform file: the cluster, and the table in full. */
  cluster: string;
  table: string;
  /** The table as servers know it. */
  name: { database: string; table: string };
  partition: string;
  source: MoveSide;
  target: MoveSide;
  /** Digests are taken as if the partition were merged: for engines whose merges change rows. */
  final: boolean;
  /** How it can be taken back once it is done: see docs/clickhouse/undo-move.md. */
  wayBack: 'undo-move' | 'reverse-move';
  back?: ClickHouseMoveBack;
  /** Programs of the platform file hold the writers: they must be there to let them go on too. */
  fenced?: true;
  /** Parts of the partition lay in the source's `detached` before: what comes there now can't be told from them by its name. */
  detachedBefore?: true;
};
