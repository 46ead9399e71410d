import { afterCutover } from './after-cutover.ts';
import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const splitSteps = [
  'hold-ingest',
  'take-manifest',
  'make-staging',
  'fill-split',
  'verify-split',
  'stop-merges',
  'read-target',
  'recheck-source',
  'cut-over',
  'give-own-back',
  ...afterCutover,
  'drop-staging',
] as const;

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
