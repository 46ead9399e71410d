import type { ErrorCode } from '../../errors/index.ts';
import type { DistributedEngine } from './distributed-engine.ts';

/** The weight of each listed shard, by its number: as `remote_servers` has them. */
export type ShardWeights = Readonly<Record<string, number>>;

/** A server as another one lists it. */
export type ListedMember = {
  shard: number;
  weight: number;
  replica: number;
  host: string;
  address: string;
  port: number;
};

/** A table or view on one server. `digest`: of the statement that makes it, so that two can be compared. */
export type ObjectFacts = {
  database: string;
  name: string;
  engine: string;
  digest: string;
  /** Other tables and views that the statement names, `database.name`. */
  names: readonly string[];
  distributed?: DistributedEngine;
  /** Of a replicated engine, with macros: its path in ZooKeeper and its replica's name; '' where the statement has none. */
  path?: { zookeeper: string; replica: string };
};

export type ShardServerFacts = { server: string; shard: number; replica: number; host: string; port: number } & (
  | { problem: { code: ErrorCode; message: string } }
  | {
      problem?: never;
      version: string;
      macros: Readonly<Record<string, string>>;
      listed: readonly ListedMember[];
      objects: readonly ObjectFacts[];
      /** Tables that have rows, those included that a materialized view keeps for itself: `database.name`. */
      filled: readonly string[];
      /** Replicas that ZooKeeper has at the paths that this server would use, by path; of a new server alone. */
      replicas: Readonly<Record<string, readonly string[]>>;
    }
);

/** A server that was read. */
export type ShardServer = Extract<ShardServerFacts, { problem?: never }>;

/** What the platform file says of the cluster and of the shard that is to come or to go. */
export type ShardIntent = {
  cluster: string;
  /** As `remote_servers` and the Distributed tables call it. */
  listedAs: string;
  shard: number;
  shards: number;
  /** Of `membership`. */
  weights: ShardWeights;
  /** How `remote_servers` is changed, in words; undefined where a person does it. */
  hook?: string;
  /** Declared tables: their Distributed table, and their share on that shard where the file says one. */
  tables: readonly { name: string; distributed?: string; share?: number }[];
  /** How long what is moved away stays in `detached`, at most. Milliseconds. */
  retainMs: number;
};

/** A table or view that a new server needs. */
export type SchemaPart = Pick<ObjectFacts, 'database' | 'name' | 'digest'>;

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
