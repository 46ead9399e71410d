import { z } from 'zod';
import { systemColumns } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import { ownQueries } from './session.ts';
import { sql } from './sql.ts';
import { whole } from './replicas.ts';
import type { TableName } from './types.ts';

const reads = z.strictObject({ partitionId: z.string(), reads: whole });
export type PartitionReads = z.output<typeof reads>;

/** What is read of how often partitions are read. */
export type HeatReads = {
  /** How often each partition was read in the last days; undefined where no query log of the server names partitions (18.16). */
  partitionReads: (name: TableName, days: number) => Promise<readonly PartitionReads[] | undefined>;
};

/**
 * How often partitions are read, from `system.query_log` where it names them (its column `partitions`, not on 18.16): a query
 * counts once for each partition that it took parts from, as `database.table.partition_id` without quotes. What Gantry itself
 * reads does not count.
 */
export function heatVerb(session: ClickHouseSession): HeatReads {
  return {
    partitionReads: async ({ database, table }, days) => {
      if (!(await systemColumns(session, 'query_log')).has('partitions')) return undefined;
      const prefix = `${database}.${table}.`;
      return session.rows(
        reads,
        sql`SELECT substring(partition, length(${prefix}) + 1) AS partitionId, count() AS reads
          FROM system.query_log ARRAY JOIN partitions AS partition
          WHERE event_date >= today() - ${days} AND type = 'QueryFinish' AND query_kind = 'Select'
            AND startsWith(partition, ${prefix}) AND NOT startsWith(initial_query_id, ${ownQueries})
          GROUP BY partitionId ORDER BY partitionId`,
      );
    },
  };
}
