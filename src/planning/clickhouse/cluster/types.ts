import type { ErrorCode } from '../../../errors/index.ts';
import type { ShardWeights } from '../../../runs/index.ts';
import type { DistributedEngine } from '../facts/distributed-engine.ts';

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
