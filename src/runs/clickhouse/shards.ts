import type { RunInput } from '../protocol.ts';

/** The weight of each listed shard, by its number: as `remote_servers` has them. */
export type ShardWeights = Readonly<Record<string, number>>;

/** A table or view that a new server needs; `digest`: of the statement that makes it. */
export type SchemaPart = { database: string; name: string; digest: string };

/** The input of a run that adds a shard to its cluster, or empties one. */
export type ClickHouseShardInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The shard, by its number in the platform file. */
  shard: number;
};
