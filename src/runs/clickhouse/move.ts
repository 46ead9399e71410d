import { afterCutover } from './after-cutover.ts';
import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const moveSteps = [
  'take-manifest',
  'make-staging',
  'copy',
  'verify-copy',
  'recheck-source',
  'stop-merges',
  'read-target',
  'hold-ingest',
  'cut-over',
  ...afterCutover,
  'drop-staging',
] as const;

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
