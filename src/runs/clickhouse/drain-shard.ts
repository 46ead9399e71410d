import type { ShardWeights } from './shards.ts';

/** The steps of its runs, in the order in which they first take place. */
export const drainShardSteps = [
  'set-membership',
  'canary',
  'measure-shares',
  'rebalance',
  'prove-queues',
  'prove-empty',
] as const;

/** What a run that empties a shard works from. */
export type DrainShardData = {
  cluster: string;
  listedAs: string;
  shard: number;
  servers: readonly string[];
  /** The present weights with 0 for the shard. */
  weights: ShardWeights;
  tables: readonly string[];
};
