import type { Hook } from '../../../src/drivers/programs/index.ts';
import type { ClickHouseConnectOptions, ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { LoadedSnapshot, NodeNotes, Renewed } from '../../../src/drivers/redis/load-snapshot.ts';
import { countedStore } from '../../../src/drivers/s3/index.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Archive, ClickHouseCluster } from '../../../src/platform/index.ts';
import type { PayloadStore, RestorePart } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';

/** What a restore asks of a ClickHouse server. */
export type TableServer = Pick<
  ClickHouseNode,
  | 'attachPartitionFrom'
  | 'close'
  | 'columns'
  | 'countRows'
  | 'createDatabase'
  | 'createObject'
  | 'createPlain'
  | 'digest'
  | 'disks'
  | 'dropDatabase'
  | 'dropPartition'
  | 'dropTable'
  | 'insertNative'
  | 'killEarlier'
  | 'partitions'
  | 'reaches'
  | 'readThrough'
  | 'table'
  | 'tablesIn'
  | 'total'
>;

/** What a restore asks of a Redis node. */
export type SnapshotTarget = {
  /** Of clients, without Gantry's own. */
  keys: () => Promise<number>;
  epoch: () => Promise<number>;
  /** What Gantry has noted about the node itself. */
  notes: () => Promise<NodeNotes>;
  /** Of which load its epoch is. */
  renewedFor: () => Promise<string | undefined>;
  /** Gives a primary its new epoch, where its load ended before it did. */
  renew: (replid: string, renewed: Renewed) => Promise<void>;
  /** The history that its data came from, if it is a primary that was given one. */
  loadedFrom: () => Promise<string | undefined>;
  /** The history of what it holds, where it follows another one; nothing where it is a primary. */
  follows: () => Promise<{ host: string; port: number; replid: string; linkUp: boolean } | undefined>;
  /** Its whole dataset becomes the snapshot's, under `replid` as the history that it came from, and under a new epoch. */
  load: (snapshot: LoadedSnapshot) => Promise<void>;
  flush: () => Promise<void>;
  /** Makes it a primary that a load which was cut off left as a replica. */
  release: () => Promise<void>;
  close: () => void;
};

/** Ends with the step, and changes nothing once another one has the attempt. */
export type StoreOptions = { signal?: AbortSignal; beforeChange?: () => void };

/** An archive as the worker reaches it. */
export type RecoveryAccess = {
  name: string;
  config: Archive;
  /** Storage classes that the age rules of its bucket move objects to. */
  agesTo: readonly string[];
  /** The clusters of production that it holds, by name. */
  clusters: Readonly<Record<string, ClickHouseCluster>>;
  /** Addresses of production that staging must not reach. */
  production: readonly { name: string; host: string; port: number }[];
  store: (options?: StoreOptions) => ObjectStore;
  /** @throws ARCHIVE_STAGING_MISSING */
  staging: (options?: ClickHouseConnectOptions) => Promise<TableServer>;
  /** A server of production, by its name in the platform file. */
  server: (cluster: string, name: string, options?: ClickHouseConnectOptions) => Promise<TableServer>;
  /** @throws ARCHIVE_STAGING_MISSING */
  stagingRedis: (options?: StoreOptions) => Promise<SnapshotTarget>;
  /** The primary of a group of production. `cutOff`: or the node that a load which was cut off left as a replica. @throws REDIS_NO_PRIMARY */
  primary: (group: string, options?: StoreOptions & { cutOff?: boolean }) => Promise<SnapshotTarget>;
  /** The latest epoch that any node of the group that answers has, or that clients were told. @throws DISCOVERY_… */
  latestEpoch: (group: string) => Promise<number>;
  /** The worker's clock, in milliseconds; tests have one of their own. */
  now: () => number | Promise<number>;
  /** The program that proves staging closed, where the platform file names one. */
  closedBy?: Hook;
};

/** What every step of a restore is given. */
export type RecoveryDeps = {
  /** @throws ARCHIVE_UNKNOWN */
  recovery: (archive: string) => RecoveryAccess | Promise<RecoveryAccess>;
  payloads: PayloadStore;
  log: Logger;
};

/** Connections whose statements carry the step's name, end with it, and change nothing once another one has the attempt. */
export function asStep({ unit, attempt, signal, mustBeOurs }: StepContext): ClickHouseConnectOptions {
  return { owner: { unit, attempt }, signal, beforeChange: mustBeOurs };
}

/** A Redis node that is changed by this attempt alone. */
export function asAttempt({ signal, mustBeOurs }: StepContext): StoreOptions {
  return { signal, beforeChange: mustBeOurs };
}

/** The store for as long as `use` runs. What it is asked is counted. */
export async function withStore<T>(
  access: RecoveryAccess,
  { signal, mustBeOurs, count }: Pick<StepContext, 'signal' | 'mustBeOurs' | 'count'>,
  use: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const store = access.store({ signal, beforeChange: mustBeOurs });
  try {
    return await use(countedStore(store, count));
  } finally {
    store.close();
  }
}

/** A server for as long as `use` runs. */
export async function withTables<T>(
  opened: Promise<TableServer>,
  use: (server: TableServer) => Promise<T>,
): Promise<T> {
  const server = await opened;
  try {
    return await use(server);
  } finally {
    await server.close();
  }
}

/** The first replica of a shard, which takes the rows; the others fetch them. @throws CLICKHOUSE_UNKNOWN_NODE */
export function firstReplica({ clusters }: RecoveryAccess, cluster: string, shard: number): string {
  const nodes = [...(clusters[cluster]?.nodes ?? [])].filter((node) => node.shard === shard);
  const [first] = nodes.sort((a, b) => a.replica - b.replica);
  if (first) return first.name;
  throw new GantryError('CLICKHOUSE_UNKNOWN_NODE', `the cluster ${cluster} has no server of shard ${shard}`);
}

/** The database of staging that holds a shard of a restore. Shards lie apart: each has rows of the same partitions. */
export function stagingDatabase(name: string, shard: number): string {
  return `gantry_restore_${name}_s${shard}`;
}

/** `database.table` in its two parts. @throws CLICKHOUSE_UNKNOWN_TABLE */
export function tableName(full: string): { database: string; table: string } {
  const dot = full.indexOf('.');
  if (dot > 0 && dot < full.length - 1) return { database: full.slice(0, dot), table: full.slice(dot + 1) };
  throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `${full} is no table in full, \`database.table\``);
}

/** The table in staging, or beside that of production, that holds a restored shard. */
export function stagedTable(name: string, part: Extract<RestorePart, { kind: 'clickhouse' }>, shard: number) {
  return { database: stagingDatabase(name, shard), table: part.table };
}
