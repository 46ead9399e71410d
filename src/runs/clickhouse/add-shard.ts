import type { ShardWeights, SchemaPart } from './shards.ts';

/** The steps of its runs, in the order in which they first take place. */
export const addShardSteps = ['make-schema', 'set-membership', 'canary', 'measure-shares', 'rebalance'] as const;

/** What a run that adds a shard works from. */
export type AddShardData = {
  cluster: string;
  listedAs: string;
  shard: number;
  /** The server whose schema is copied. */
  source: string;
  /** The new servers, and what each needs in the order in which it is made. */
  servers: readonly string[];
  databases: readonly string[];
  schema: readonly SchemaPart[];
  /** The weights under which the shard is listed first and takes no row; left out where it is listed already. */
  join?: ShardWeights;
  /** Those under which it takes its first rows: few, where all tables are placed at random. */
  open?: ShardWeights;
  /** Those of the platform file, at the end; left out where the shard takes no rows. */
  final?: ShardWeights;
  /** Tables that are rebalanced. */
  tables: readonly string[];
  /** Nothing is missing anywhere. */
  idle: boolean;
};
