import type { RunInput } from './protocol.ts';

/** The input of a rebalance of one table over the shards of its cluster. */
export type ClickHouseRebalanceInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
  /** Moves of this run at most; the platform file's unless given. */
  maxMoves?: number;
  /** Moves at once; the platform file's unless given. */
  window?: number;
};

/** The input of the move of one partition: a run under a rebalance, which holds the table. */
export type ClickHouseMoveInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
  /** `partition_id` of system.parts. */
  partition: string;
  /** The shard that it leaves, by its number in the platform file. */
  from: number;
  /** The shard that it goes to. */
  to: number;
  /** It takes a former move back: set by `clickhouse.undo-move`. */
  back?: ClickHouseMoveBack;
};

/** What is known of the move that is taken back. */
export type ClickHouseMoveBack = {
  /** What it attached where the partition lies now: no write of anybody's, however young those parts are. */
  moved?: MovedBlocks;
};

/** The block numbers that a cutover's attach was given, both ends included, and how many rows that were. */
export type MovedBlocks = { from: number; to: number; rows: number };

/** The input of the way back of a move that is done. */
export type ClickHouseUndoMoveInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
  /** The partition that was moved. */
  partition: string;
  /** By a move in the other direction, also where the source could attach what it kept. */
  reverse?: boolean;
};

/** The input of a run that adds a shard to its cluster, or empties one. */
export type ClickHouseShardInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The shard, by its number in the platform file. */
  shard: number;
};

/** The input of a tiering run: one table, which is a level of a family. */
export type ClickHouseTierInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
};

/** The input of a reshard of a table whose rows are placed by a key. */
export type ClickHouseKeyReshardInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
};

/** The input of the split of one partition of one shard: a run under a reshard, which holds the table. */
export type ClickHouseSplitInput = RunInput & {
  cluster: string;
  table: string;
  /** `partition_id` of system.parts. */
  partition: string;
  /** The shard that gives rows away, by its number in the platform file. */
  from: number;
  /** The shard that gets them. */
  to: number;
  /** The buckets whose rows go. */
  buckets: readonly number[];
};
