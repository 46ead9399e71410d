import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { Capabilities } from './capabilities.ts';
import { oncePerConnection, partColumns } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import { id, sql } from './sql.ts';
import { ofTable, whole } from './replicas.ts';
import type { TableName, PartitionName } from './types.ts';

const partition = z.strictObject({
  partitionId: z.string(),
  partition: z.string(),
  parts: whole,
  rows: whole,
  bytes: whole,
  minTimeSeconds: whole,
  maxTimeSeconds: whole,
  ageSeconds: whole,
  maxBlock: whole,
});
/**
 * A partition on this server. Times are seconds since 1970, 0 where the partition key has no time or date; `partition` is
 * the value as SQL writes it. `ageSeconds`: how long ago its newest part was written, by the server's own clock, which wrote
 * the part's time too; below 0 once that clock was set back.
 */
export type PartitionFacts = z.output<typeof partition>;

const part = z.strictObject({
  name: z.string(),
  partitionId: z.string(),
  rows: whole,
  bytes: whole,
  minBlock: whole,
  maxBlock: whole,
  level: whole,
  /** How long ago it was written; see `PartitionFacts`. */
  ageSeconds: whole,
  disk: z.string(),
  /** Of all its files; empty where `system.parts` doesn't say (18.16): see `partHashes`. */
  hash: z.string(),
});
/** A part in use. Two parts with the same hash hold the same bytes. */
export type PartFacts = z.output<typeof part>;

const detached = z.strictObject({
  name: z.string(),
  partitionId: z.string().nullable(),
  reason: z.string().nullable(),
});
/** A folder in `detached`; `reason` is its prefix (`ignored`, `broken`, …), empty for what DETACH and FETCH made. */
export type DetachedPart = z.output<typeof detached>;

// In one query: both times are of one clock. What has no time has no age.
const age = sql`if(toUInt32(modification_time) = 0, -1, toInt64(now()) - toInt64(modification_time))`;

/** What is read of partitions and parts. */
export type PartReads = {
  partitions: (name: TableName) => Promise<readonly PartitionFacts[]>;
  /** The parts in use of one partition, or of all. */
  parts: (name: TableName, partitionId?: string) => Promise<readonly PartFacts[]>;
  /** undefined where the server can't say (no `system.detached_parts`). */
  detachedParts: (name: TableName) => Promise<readonly DetachedPart[] | undefined>;
  /** Whether `detached` on this server holds any part of the partition under its own name. Works on every version. */
  hasDetached: (name: PartitionName) => Promise<boolean>;
};

/** Partitions and parts, in use and detached. */
export function partVerbs(session: ClickHouseSession, capabilities: () => Promise<Capabilities>): PartReads {
  const knownColumns = oncePerConnection(() => partColumns(session));
  return {
    partitions: (name) =>
      session.rows(
        partition,
        sql`SELECT partition_id AS partitionId, any(partition) AS partition, count() AS parts, sum(rows) AS rows,
          sum(bytes_on_disk) AS bytes,
          min(toUInt32(if(toUInt32(min_time) = 0, toDateTime(min_date, 'UTC'), min_time))) AS minTimeSeconds,
          max(toUInt32(if(toUInt32(max_time) = 0, toDateTime(max_date, 'UTC'), max_time))) AS maxTimeSeconds,
          min(${age}) AS ageSeconds, max(max_block_number) AS maxBlock
          FROM (SELECT * FROM system.parts WHERE active AND ${ofTable(name)})
          GROUP BY partition_id ORDER BY partition_id`,
      ),
    parts: async (name, partitionId) => {
      const known = await knownColumns();
      return session.rows(
        part,
        sql`SELECT name, partition_id AS partitionId, rows, bytes_on_disk AS bytes, min_block_number AS minBlock,
          max_block_number AS maxBlock, level, ${age} AS ageSeconds,
          ${known.has('disk_name') ? sql`disk_name` : sql`''`} AS disk,
          ${known.has('hash_of_all_files') ? sql`hash_of_all_files` : sql`''`} AS hash
          FROM system.parts WHERE active AND ${ofTable(name)}
          ${partitionId === undefined ? sql`` : sql`AND partition_id = ${partitionId}`} ORDER BY name`,
      );
    },
    detachedParts: async (name) => {
      if (!(await capabilities()).systemTables.has('detached_parts')) return undefined;
      return session.rows(
        detached,
        sql`SELECT name, partition_id AS partitionId, reason FROM system.detached_parts WHERE ${ofTable(name)} ORDER BY name`,
      );
    },
    hasDetached: async ({ database, table, partitionId }) => {
      // FETCH looks into `detached` before it looks for a source, and there is no source: so it tells, and copies nothing.
      const nowhere = `/gantry/absent/${Math.random().toString(36).slice(2)}`;
      try {
        await session.act(sql`ALTER TABLE ${id(database, table)} FETCH PARTITION ID ${partitionId} FROM ${nowhere}`);
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        if (error.code === 'CLICKHOUSE_ALREADY_DETACHED') return true;
        if (error.code === 'CLICKHOUSE_KEEPER_NO_NODE') return false;
        throw error;
      }
      throw new GantryError('CLICKHOUSE_UNEXPECTED_ANSWER', `a fetch from ${nowhere} did not fail`);
    },
  };
}
