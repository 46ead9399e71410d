import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ClickHouseSession } from './session.ts';
import { queryIdPrefix } from './session.ts';
import { id, sql, Sql } from './sql.ts';
import { knowsFetchCap } from './capabilities.ts';
import { serverCodeOf, syntaxError } from './errors.ts';
import { stagingEngine } from './staging-engine.ts';
import type { PartitionName, TableName, WaitFor } from './types.ts';

const waitsFor: Readonly<Record<WaitFor, '0' | '1' | '2'>> = { nobody: '0', own: '1', all: '2' };

/** The verbs that change something. A replicated ALTER is written to the log first and carried out by each replica from there. */
export function changeVerbs(session: ClickHouseSession): ClickHouseChanges {
  const long = { timeoutMs: session.longTimeoutMs };
  // Given by the setting's old name, which today's servers take as well (alter_sync): 18.16 has no SETTINGS on ALTER.
  const waiting = (waitFor: WaitFor) => ({
    settings: { replication_alter_partitions_sync: waitsFor[waitFor] },
    ...(waitFor === 'nobody' ? {} : long),
    decisive: true,
  });
  const alter = (name: TableName, change: Sql): Sql => sql`ALTER TABLE ${id(name.database, name.table)} ${change}`;
  const ofPartition = (name: PartitionName, verb: Sql): Sql =>
    alter(name, sql`${verb} PARTITION ID ${name.partitionId}`);
  return {
    createStaging: async (staging, of, zookeeperPath, maxFetchBytesPerSecond) => {
      const [row] = await session.rows(
        z.strictObject({ engine: z.string() }),
        sql`SELECT engine_full AS engine FROM system.tables WHERE database = ${of.database} AND name = ${of.table}`,
      );
      if (!row) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${of.database}.${of.table}`);
      const caps = maxFetchBytesPerSecond !== undefined && (await knowsFetchCap(session));
      const cap = caps ? maxFetchBytesPerSecond : undefined;
      await session.act(
        sql`CREATE TABLE IF NOT EXISTS ${id(staging.database, staging.table)} AS ${id(of.database, of.table)}
          ENGINE = ${stagingEngine(row.engine, zookeeperPath, cap)}`,
      );
    },
    dropTable: async (name) => {
      const drop = sql`DROP TABLE IF EXISTS ${id(name.database, name.table)}`;
      try {
        // An Atomic database keeps what ZooKeeper has of it for minutes otherwise: no table can be made at its path.
        await session.act(sql`${drop} SYNC`, long);
      } catch (error) {
        // 18.16 knows no such database, nor the word.
        if (serverCodeOf(error) !== syntaxError) throw error;
        await session.act(drop, long);
      }
    },
    fetchPartition: (name, from) => session.act(sql`${ofPartition(name, sql`FETCH`)} FROM ${from}`, long),
    attachPartition: (name) => session.act(ofPartition(name, sql`ATTACH`), { ...long, decisive: true }),
    attachPart: (name, part) => session.act(alter(name, sql`ATTACH PART ${part}`), { ...long, decisive: true }),
    attachPartitionFrom: (name, from, waitFor) =>
      session.act(sql`${ofPartition(name, sql`ATTACH`)} FROM ${id(from.database, from.table)}`, waiting(waitFor)),
    detachPartition: (name, waitFor) => session.act(ofPartition(name, sql`DETACH`), waiting(waitFor)),
    dropPartition: (name, waitFor) => session.act(ofPartition(name, sql`DROP`), waiting(waitFor)),
    dropDetachedPart: (name, part) =>
      session.act(alter(name, sql`DROP DETACHED PART ${part}`), { settings: { allow_drop_detached: 1 } }),
    movePartitionToVolume: (name, volume) =>
      session.act(sql`${ofPartition(name, sql`MOVE`)} TO VOLUME ${volume}`, long),
    changeTtl: (name, ttl) =>
      // The setting has the change leave every part as it is; a server that doesn't know it refuses the statement.
      session.act(alter(name, ttl === undefined ? sql`REMOVE TTL` : sql`MODIFY TTL ${new Sql(ttl)}`), {
        ...long,
        settings: { materialize_ttl_after_modify: 0 },
      }),
    changeStoragePolicy: (name, policy) =>
      session.act(alter(name, sql`MODIFY SETTING storage_policy = ${policy}`), long),
    stopMerges: (name) => session.act(sql`SYSTEM STOP MERGES ${id(name.database, name.table)}`),
    startMerges: (name) => session.act(sql`SYSTEM START MERGES ${id(name.database, name.table)}`),
    syncReplica: (name) => session.act(sql`SYSTEM SYNC REPLICA ${id(name.database, name.table)}`, long),
    killEarlier: async () => {
      if (!session.owner) return 0;
      const { unit, attempt } = session.owner;
      const earlier = sql`startsWith(query_id, ${queryIdPrefix(unit)})
        AND NOT startsWith(query_id, ${`${queryIdPrefix(unit)}${attempt}:`})`;
      const rows = await session.rows(
        z.strictObject({ queryId: z.string() }),
        sql`SELECT query_id AS queryId FROM system.processes WHERE ${earlier}`,
      );
      if (rows.length > 0) await session.act(sql`KILL QUERY WHERE ${earlier} ASYNC`);
      return rows.length;
    },
  };
}

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
