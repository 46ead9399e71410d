import { z } from 'zod';
import { oncePerConnection, systemTables } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import { queryIdPrefix } from './session.ts';
import type { Sql } from './sql.ts';
import { sql } from './sql.ts';
import type { TableName } from './types.ts';

/** A whole number that arrives as a number or, with 64 bits, as text. */
export const whole = z
  .union([z.number(), z.string().regex(/^-?\d+$/)])
  .transform(Number)
  .pipe(z.int());
/** 0 or 1. */
export const flag = z.union([z.literal(0), z.literal(1)]).transform((value) => value === 1);

const member = z.strictObject({
  shard: whole,
  weight: whole,
  replica: whole,
  host: z.string(),
  address: z.string(),
  port: whole,
});
/** One server of a cluster: `host` as `remote_servers` says, `address` what it resolves to; `port` is the native protocol's. */
export type ClusterMember = z.output<typeof member>;

const replica = z.strictObject({
  engine: z.string(),
  zookeeperPath: z.string(),
  replicaName: z.string(),
  replicaPath: z.string(),
  leader: flag,
  readOnly: flag,
  sessionExpired: flag,
  delaySeconds: whole,
  queueSize: whole,
  futureParts: whole,
  partsToCheck: whole,
  logPointer: whole,
  logMaxIndex: whole,
  totalReplicas: whole,
  activeReplicas: whole,
});
/** This server's replica of a table; `logPointer` is the entry of the shared log that it takes next. */
export type ReplicaFacts = z.output<typeof replica>;

const queueEntry = z.strictObject({
  name: z.string(),
  type: z.string(),
  newPart: z.string(),
  executing: flag,
  tries: whole,
  lastException: z.string(),
  postponedBecause: z.string(),
  ageSeconds: whole,
});
export type QueueEntry = z.output<typeof queueEntry>;

const mutation = z.strictObject({ id: z.string(), command: z.string(), partsToDo: whole, done: flag });
export type MutationFacts = z.output<typeof mutation>;

const fetch = z.strictObject({ part: z.string(), bytesRead: whole, bytes: whole });
/** A part that is being fetched; `bytes`: of the whole of it. */
export type FetchUnderWay = z.output<typeof fetch>;

const merge = z.strictObject({ partitionId: z.string(), resultPart: z.string(), progress: z.number() });
export type MergeUnderWay = z.output<typeof merge>;

const running = z.strictObject({ queryId: z.string(), elapsedSeconds: z.number(), statement: z.string() });
export type RunningQuery = z.output<typeof running>;

/** What is read of servers and replicas. */
export type ReplicaReads = {
  ping: () => Promise<void>;
  version: () => Promise<string>;
  macros: () => Promise<Readonly<Record<string, string>>>;
  /** The servers of one cluster as this server believes them to be; empty when it knows none of that name. */
  cluster: (name: string) => Promise<readonly ClusterMember[]>;
  replica: (name: TableName) => Promise<ReplicaFacts | undefined>;
  /**
   * Whether this replica has all that was in the shared log when it was asked, merges and mutations aside. `syncReplica`
   * waits for those too: while merges are stopped that is for ever, since the leader goes on planning them (18.16).
   */
  caughtUp: (name: TableName) => Promise<boolean>;
  replicationQueue: (name: TableName) => Promise<readonly QueueEntry[]>;
  mutations: (name: TableName) => Promise<readonly MutationFacts[]>;
  merges: (name: TableName) => Promise<readonly MergeUnderWay[]>;
  /** Statements of this unit that run on this server now, of whichever attempt. */
  running: (unit: string) => Promise<readonly RunningQuery[]>;
  /** Fetches into a table that are under way; undefined where the server can't say (no `system.replicated_fetches`, 18.16). */
  fetches: (name: TableName) => Promise<readonly FetchUnderWay[] | undefined>;
  /** Inserts that were acknowledged and lie in memory; undefined where the server knows none (no `system.asynchronous_inserts`). */
  asyncInserts: (name: TableName) => Promise<number | undefined>;
  /** The server's own time, milliseconds since 1970, of whole seconds: what it stamped is compared with nothing else. */
  clock: () => Promise<number>;
};

/** How a server and its replicas stand. */
export function replicaVerbs(session: ClickHouseSession): ReplicaReads {
  const knowsAsyncInserts = oncePerConnection(async () => (await systemTables(session)).has('asynchronous_inserts'));
  const replicaOf: ReplicaReads['replica'] = async (name) => {
    const rows = await session.rows(
      replica,
      sql`SELECT engine, zookeeper_path AS zookeeperPath, replica_name AS replicaName, replica_path AS replicaPath,
        is_leader AS leader, is_readonly AS readOnly, is_session_expired AS sessionExpired,
        absolute_delay AS delaySeconds, queue_size AS queueSize, future_parts AS futureParts,
        parts_to_check AS partsToCheck, log_pointer AS logPointer, log_max_index AS logMaxIndex,
        total_replicas AS totalReplicas, active_replicas AS activeReplicas
        FROM system.replicas WHERE ${ofTable(name)}`,
    );
    return rows[0];
  };
  const queueOf: ReplicaReads['replicationQueue'] = (name) =>
    session.rows(
      queueEntry,
      sql`SELECT node_name AS name, type, new_part_name AS newPart, is_currently_executing AS executing,
        num_tries AS tries, last_exception AS lastException, postpone_reason AS postponedBecause,
        toUInt64(greatest(0, now() - create_time)) AS ageSeconds
        FROM system.replication_queue WHERE ${ofTable(name)} ORDER BY name`,
    );
  return {
    ping: async () => void (await session.rows(z.strictObject({ one: whole }), sql`SELECT 1 AS one`)),
    version: async () => {
      const rows = await session.rows(z.strictObject({ version: z.string() }), sql`SELECT version() AS version`);
      return rows[0]?.version ?? '';
    },
    macros: async () => {
      const pair = z.strictObject({ macro: z.string(), substitution: z.string() });
      const rows = await session.rows(pair, sql`SELECT macro, substitution FROM system.macros`);
      return Object.fromEntries(rows.map(({ macro, substitution }) => [macro, substitution]));
    },
    cluster: (name) =>
      session.rows(
        member,
        sql`SELECT shard_num AS shard, shard_weight AS weight, replica_num AS replica, host_name AS host,
          host_address AS address, port
          FROM system.clusters WHERE cluster = ${name} ORDER BY shard, replica`,
      ),
    replica: replicaOf,
    replicationQueue: queueOf,
    caughtUp: async (name) => {
      // In this order: what was in the log at the first look is in the queue at the second, or done.
      const now = await replicaOf(name);
      if (!now || now.readOnly || (now.logPointer <= now.logMaxIndex && !(await emptyLog(session, now)))) return false;
      return (await queueOf(name)).every(({ type }) => type === 'MERGE_PARTS' || type === 'MUTATE_PART');
    },
    mutations: (name) =>
      session.rows(
        mutation,
        sql`SELECT mutation_id AS id, command, parts_to_do AS partsToDo, is_done AS done
          FROM system.mutations WHERE ${ofTable(name)} ORDER BY id`,
      ),
    asyncInserts: async ({ database, table }) => {
      if (!(await knowsAsyncInserts())) return undefined;
      const rows = await session.rows(
        z.strictObject({ entries: whole }),
        sql`SELECT count() AS entries FROM system.asynchronous_inserts WHERE database = ${database} AND table = ${table}`,
      );
      return rows[0]?.entries ?? 0;
    },
    clock: async () => {
      const rows = await session.rows(z.strictObject({ seconds: whole }), sql`SELECT toUInt32(now()) AS seconds`);
      return (rows[0]?.seconds ?? Number.NaN) * 1_000;
    },
    merges: (name) =>
      session.rows(
        merge,
        sql`SELECT partition_id AS partitionId, result_part_name AS resultPart, progress
          FROM system.merges WHERE ${ofTable(name)} ORDER BY resultPart`,
      ),
    fetches: async (name) => {
      if (!(await systemTables(session)).has('replicated_fetches')) return undefined;
      return session.rows(
        fetch,
        sql`SELECT result_part_name AS part, bytes_read_compressed AS bytesRead, total_size_bytes_compressed AS bytes
          FROM system.replicated_fetches WHERE ${ofTable(name)} ORDER BY part`,
      );
    },
    running: (unit) =>
      session.rows(
        running,
        sql`SELECT query_id AS queryId, elapsed AS elapsedSeconds, substring(query, 1, 300) AS statement
          FROM system.processes WHERE startsWith(query_id, ${queryIdPrefix(unit)}) ORDER BY queryId`,
      ),
  };
}

/** The rows of a system table that speak of this table. */
export function ofTable({ database, table }: TableName): Sql {
  return sql`database = ${database} AND table = ${table}`;
}

/** An empty log and one with a single entry have the same greatest index. */
async function emptyLog(session: ClickHouseSession, { logMaxIndex, zookeeperPath }: ReplicaFacts): Promise<boolean> {
  if (logMaxIndex > 0) return false;
  const rows = await session.rows(
    z.strictObject({ entries: whole }),
    sql`SELECT numChildren AS entries FROM system.zookeeper WHERE path = ${zookeeperPath} AND name = 'log'`,
  );
  return rows[0]?.entries === 0;
}
