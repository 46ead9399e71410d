import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const keyReshardSteps = [
  'find-open',
  'hold-ingest',
  'switch-rule',
  'open-ingest',
  'find-misplaced',
  'check-health',
  'split',
  'prove-placement',
] as const;

/** The input of a reshard of a table whose rows are placed by a key. */
export type ClickHouseKeyReshardInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
};

/** Which buckets of a table that is sharded by a key change their shard. */
export type KeyReshardPlan = {
  cluster: string;
  table: string;
  /** The sharding key, as the Distributed table has it. */
  key: string;
  moves: readonly { bucket: number; from: string; to: string; rows: number; bytes: number; takesMs: number }[];
  shares: readonly {
    shard: string;
    weight: number;
    bucketsBefore: number;
    bucketsAfter: number;
    beforeBytes: number;
    afterBytes: number;
  }[];
  movedBytes: number;
  movedRows: number;
  /** Estimate: bucket by bucket. */
  durationMs: number;
  summary: readonly string[];
};

/** The rows of one partition of one shard that go to another one. */
export type ReshardMove = {
  partition: string;
  from: string;
  to: string;
  buckets: readonly number[];
  rows: number;
};

/**
 * What a reshard works from, and what is approved: the shard of each bucket. Which rows lie elsewhere is looked at when the
 * rule is in force, since the table takes rows all the while.
 */
export type KeyReshardData = {
  cluster: string;
  table: string;
  distributed: string;
  placed: readonly string[];
  /** Whether the Distributed table gets another rule. */
  newRule: boolean;
  /** Nothing to do: the rule is as it is to be, and every row where it says. */
  idle: boolean;
};
