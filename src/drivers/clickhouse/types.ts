import type { BucketVerbs } from './buckets.ts';
import type { CanaryChanges, CanaryReads } from './canary.ts';
import type { Capabilities } from './capabilities.ts';
import type { SchemaChanges, SchemaReads } from './schema.ts';
import type { ColumnFacts, Digest, TableFacts } from './tables.ts';
import type {
  ClusterMember,
  FetchUnderWay,
  MergeUnderWay,
  MutationFacts,
  QueueEntry,
  ReplicaFacts,
  RunningQuery,
} from './standing.ts';
import type { DetachedPart, PartFacts, PartitionFacts } from './parts.ts';
import type { Arrivals, BlockNumbers, DropRange } from './keeper.ts';
import type { DiskFacts, Usage } from './disks.ts';
import type { DayFigures, FiguresQuery, StorageFacts } from './tiering.ts';
import type { PartitionReads } from './heat.ts';

/** Where a server's HTTP interface listens. */
export type ClickHouseEndpoint = { host: string; port: number };

/** Read by the worker from where the platform file points; never logged, never in an error. */
export type ClickHouseCredentials = {
  /** `default` unless given. */
  username?: string;
  password?: string;
  /** HTTPS, with these certificates in PEM. */
  tls?: { ca?: string; cert?: string; key?: string };
};

/** Whose statements these are: their query ids are `gantry:<unit>:<attempt>:<n>`, so that a later attempt finds them. */
export type StatementOwner = { unit: string; attempt: number };

/** A table's full name. */
export type TableName = { database: string; table: string };

/** For which replicas a replicated ALTER is waited for. A replica that is down is waited for without end by `all` (18.16). */
export type WaitFor = 'nobody' | 'own' | 'all';

/** A partition of a table, by its id (`system.parts.partition_id`). */
export type PartitionName = TableName & { partitionId: string };

/** The verbs that look. */
export type ClickHouseReads = {
  ping: () => Promise<void>;
  version: () => Promise<string>;
  capabilities: () => Promise<Capabilities>;
  macros: () => Promise<Readonly<Record<string, string>>>;
  /** The servers of one cluster as this server believes them to be; empty when it knows none of that name. */
  cluster: (name: string) => Promise<readonly ClusterMember[]>;
  table: (name: TableName) => Promise<TableFacts | undefined>;
  columns: (name: TableName) => Promise<readonly ColumnFacts[]>;
  partitions: (name: TableName) => Promise<readonly PartitionFacts[]>;
  /** The parts in use of one partition, or of all. */
  parts: (name: TableName, partitionId?: string) => Promise<readonly PartFacts[]>;
  /**
   * What is in a partition, whatever the order and the parts it lies in; one full read of it. `final`: as if it were
   * merged, for engines whose merges change rows (Replacing, Summing, Aggregating, Collapsing).
   */
  digest: (name: PartitionName & { final?: boolean }) => Promise<Digest>;
  replica: (name: TableName) => Promise<ReplicaFacts | undefined>;
  replicationQueue: (name: TableName) => Promise<readonly QueueEntry[]>;
  /**
   * Whether this replica has all that was in the shared log when it was asked, merges and mutations aside. `syncReplica`
   * waits for those too: while merges are stopped that is for ever, since the leader goes on planning them (18.16).
   */
  caughtUp: (name: TableName) => Promise<boolean>;
  mutations: (name: TableName) => Promise<readonly MutationFacts[]>;
  merges: (name: TableName) => Promise<readonly MergeUnderWay[]>;
  /** Statements of this unit that run on this server now, of whichever attempt. */
  running: (unit: string) => Promise<readonly RunningQuery[]>;
  /** undefined where the server can't say (no `system.detached_parts`). */
  detachedParts: (name: TableName) => Promise<readonly DetachedPart[] | undefined>;
  /** Whether `detached` on this server holds any part of the partition under its own name. Works on every version. */
  hasDetached: (name: PartitionName) => Promise<boolean>;
  /** Fetches into a table that are under way; undefined where the server can't say (no `system.replicated_fetches`, 18.16). */
  fetches: (name: TableName) => Promise<readonly FetchUnderWay[] | undefined>;
  /** Whether a table's fetches can be capped: see `createStaging`. Not on 18.16. */
  capsFetches: () => Promise<boolean>;
  /** undefined where the server can't say (no `system.disks`). */
  disks: () => Promise<readonly DiskFacts[] | undefined>;
  /** The volumes that the table's parts may lie on; undefined where the server has no storage policies (18.16). */
  storage: (name: TableName) => Promise<StorageFacts | undefined>;
  /** A storage policy by its name; undefined where the server has none of that name. */
  storagePolicy: (name: string) => Promise<StorageFacts | undefined>;
  /**
   * What the rows of a table add up to, day by day; one full read of the scope. @throws CLICKHOUSE_ROLLUP_INEXACT when a
   * column is missing or isn't a whole number
   */
  figures: (name: TableName, query: FiguresQuery) => Promise<readonly DayFigures[]>;
  /** What the parts of each table take up on this server; what lies in `detached` isn't among it. */
  usage: () => Promise<Usage>;
  /** How often each partition was read in the last days; undefined where no query log of the server names partitions (18.16). */
  partitionReads: (name: TableName, days: number) => Promise<readonly PartitionReads[] | undefined>;
  /** How many block numbers the partition has given away: rows may have come since if it has grown. */
  blockNumbers: (name: PartitionName, zookeeperPath: string) => Promise<BlockNumbers>;
  /**
   * The hashes of a replica's parts, where `system.parts` has none (18.16).
   * @throws CLICKHOUSE_KEEPER_NO_NODE when one of them is not its own (any more): list the parts again
   */
  partHashes: (replicaPath: string, parts: readonly string[]) => Promise<Readonly<Record<string, string>>>;
  /** The ranges that were dropped or detached of the partition, as the replication log still has them. */
  dropRanges: (name: PartitionName, zookeeperPath: string) => Promise<readonly DropRange[]>;
  /** The parts that came into the partition by inserts and attaches, as the replication log still has them. */
  arrivals: (name: PartitionName, zookeeperPath: string) => Promise<Arrivals>;
};

/** The verbs that change something: one statement each. */
export type ClickHouseChanges = {
  /**
   * An empty replicated table of the same structure under its own path, unless it is there already. `maxFetchBytesPerSecond`:
   * what is fetched into it takes no more of the network, on a server that can cap that; others make it without.
   */
  createStaging: (
    staging: TableName,
    of: TableName,
    zookeeperPath: string,
    maxFetchBytesPerSecond?: number,
  ) => Promise<void>;
  dropTable: (name: TableName) => Promise<void>;
  /** Copies the partition's parts from the replicas at a path into `detached` on this server. @throws CLICKHOUSE_ALREADY_DETACHED */
  fetchPartition: (name: PartitionName, fromZookeeperPath: string) => Promise<void>;
  /**
   * All parts of the partition in `detached` on this server become the table's, as inserts do: the other replicas fetch
   * them in their own time (`syncReplica` there), whatever one waits for.
   */
  attachPartition: (name: PartitionName) => Promise<void>;
  attachPart: (name: TableName, part: string) => Promise<void>;
  /** Adds a copy of another table's partition (hard links on this server). Replicated. @throws CLICKHOUSE_KEEPER_NODE_EXISTS */
  attachPartitionFrom: (name: PartitionName, from: TableName, waitFor: WaitFor) => Promise<void>;
  /** Its parts go to `detached`, on every replica. */
  detachPartition: (name: PartitionName, waitFor: WaitFor) => Promise<void>;
  dropPartition: (name: PartitionName, waitFor: WaitFor) => Promise<void>;
  /** @throws CLICKHOUSE_STATEMENT_UNSUPPORTED on 18.16 */
  dropDetachedPart: (name: TableName, part: string) => Promise<void>;
  /** @throws CLICKHOUSE_STATEMENT_UNSUPPORTED on 18.16 */
  movePartitionToVolume: (name: PartitionName, volume: string) => Promise<void>;
  /**
   * The table's TTL becomes this, the server's own words of it, or none, and no part is rewritten for it.
   * @throws CLICKHOUSE_STATEMENT_UNSUPPORTED on a server that can only change it by rewriting everything
   */
  changeTtl: (name: TableName, ttl: string | undefined) => Promise<void>;
  /** On this server alone. @throws CLICKHOUSE_STATEMENT_REFUSED unless the policy has all volumes of the former one */
  changeStoragePolicy: (name: TableName, policy: string) => Promise<void>;
  /** On this server, until it restarts. */
  stopMerges: (name: TableName) => Promise<void>;
  startMerges: (name: TableName) => Promise<void>;
  /** Waits until this replica has done all in its queue, merges too: never while they are stopped; see `caughtUp`. @throws CLICKHOUSE_TIMEOUT */
  syncReplica: (name: TableName) => Promise<void>;
  /** Stops what earlier attempts of the unit still run on this server; answers how many there were. */
  killEarlier: () => Promise<number>;
};

/**
 * One connection to one server, as small verbs: each is a statement or two, so that a test can fail, delay or record each
 * of them. Every verb throws catalogue errors and ends when the signal aborts, with its reason: the statement is killed on
 * the server then. Whether a changing statement that was cut short took effect is unknown: probe.
 */
export type ClickHouseNode = ClickHouseReads &
  BucketVerbs &
  SchemaReads &
  CanaryReads &
  ClickHouseChanges &
  SchemaChanges &
  CanaryChanges & { readonly endpoint: ClickHouseEndpoint; close: () => Promise<void> };
