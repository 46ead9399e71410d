import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ClickHouseLink } from './link.ts';
import { queryIdPrefix } from './link.ts';
import { id, sql, Sql } from './sql.ts';
import { knowsFetchCap } from './capabilities.ts';
import { serverCodeOf, syntaxError } from './errors.ts';
import { stagingEngine } from './staging-engine.ts';
import type { ClickHouseChanges, PartitionName, TableName, WaitFor } from './types.ts';

const waitsFor: Readonly<Record<WaitFor, '0' | '1' | '2'>> = { nobody: '0', own: '1', all: '2' };

/** The verbs that change something. A replicated ALTER is written to the log first and carried out by each replica from there. */
export function changeVerbs(link: ClickHouseLink): ClickHouseChanges {
  const long = { timeoutMs: link.longTimeoutMs };
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
      const [row] = await link.rows(
        z.strictObject({ engine: z.string() }),
        sql`SELECT engine_full AS engine FROM system.tables WHERE database = ${of.database} AND name = ${of.table}`,
      );
      if (!row) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${of.database}.${of.table}`);
      const caps = maxFetchBytesPerSecond !== undefined && (await knowsFetchCap(link));
      const cap = caps ? maxFetchBytesPerSecond : undefined;
      await link.act(
        sql`CREATE TABLE IF NOT EXISTS ${id(staging.database, staging.table)} AS ${id(of.database, of.table)}
          ENGINE = ${stagingEngine(row.engine, zookeeperPath, cap)}`,
      );
    },
    dropTable: async (name) => {
      const drop = sql`DROP TABLE IF EXISTS ${id(name.database, name.table)}`;
      try {
        // An Atomic database keeps what ZooKeeper has of it for minutes otherwise: no table can be made at its path.
        await link.act(sql`${drop} SYNC`, long);
      } catch (error) {
        // 18.16 knows no such database, nor the word.
        if (serverCodeOf(error) !== syntaxError) throw error;
        await link.act(drop, long);
      }
    },
    fetchPartition: (name, from) => link.act(sql`${ofPartition(name, sql`FETCH`)} FROM ${from}`, long),
    attachPartition: (name) => link.act(ofPartition(name, sql`ATTACH`), { ...long, decisive: true }),
    attachPart: (name, part) => link.act(alter(name, sql`ATTACH PART ${part}`), { ...long, decisive: true }),
    attachPartitionFrom: (name, from, waitFor) =>
      link.act(sql`${ofPartition(name, sql`ATTACH`)} FROM ${id(from.database, from.table)}`, waiting(waitFor)),
    detachPartition: (name, waitFor) => link.act(ofPartition(name, sql`DETACH`), waiting(waitFor)),
    dropPartition: (name, waitFor) => link.act(ofPartition(name, sql`DROP`), waiting(waitFor)),
    dropDetachedPart: (name, part) =>
      link.act(alter(name, sql`DROP DETACHED PART ${part}`), { settings: { allow_drop_detached: 1 } }),
    movePartitionToVolume: (name, volume) => link.act(sql`${ofPartition(name, sql`MOVE`)} TO VOLUME ${volume}`, long),
    changeTtl: (name, ttl) =>
      // The setting has the change leave every part as it is; a server that doesn't know it refuses the statement.
      link.act(alter(name, ttl === undefined ? sql`REMOVE TTL` : sql`MODIFY TTL ${new Sql(ttl)}`), {
        ...long,
        settings: { materialize_ttl_after_modify: 0 },
      }),
    changeStoragePolicy: (name, policy) => link.act(alter(name, sql`MODIFY SETTING storage_policy = ${policy}`), long),
    stopMerges: (name) => link.act(sql`SYSTEM STOP MERGES ${id(name.database, name.table)}`),
    startMerges: (name) => link.act(sql`SYSTEM START MERGES ${id(name.database, name.table)}`),
    syncReplica: (name) => link.act(sql`SYSTEM SYNC REPLICA ${id(name.database, name.table)}`, long),
    killEarlier: async () => {
      if (!link.owner) return 0;
      const { unit, attempt } = link.owner;
      const earlier = sql`startsWith(query_id, ${queryIdPrefix(unit)})
        AND NOT startsWith(query_id, ${`${queryIdPrefix(unit)}${attempt}:`})`;
      const rows = await link.rows(
        z.strictObject({ queryId: z.string() }),
        sql`SELECT query_id AS queryId FROM system.processes WHERE ${earlier}`,
      );
      if (rows.length > 0) await link.act(sql`KILL QUERY WHERE ${earlier} ASYNC`);
      return rows.length;
    },
  };
}
