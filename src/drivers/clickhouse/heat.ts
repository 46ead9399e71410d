import { z } from 'zod';
import { systemColumns } from './capabilities.ts';
import type { ClickHouseLink } from './link.ts';
import { ownQueries } from './link.ts';
import { sql } from './sql.ts';
import { whole } from './standing.ts';
import type { ClickHouseReads } from './types.ts';

const reads = z.strictObject({ partitionId: z.string(), reads: whole });
export type PartitionReads = z.output<typeof reads>;

/**
 * How often partitions are read, from `system.query_log` where it names them (its column `partitions`, not on 18.16): a query
 * counts once for each partition that it took parts from, as `database.table.partition_id` without quotes. What Gantry itself
 * reads does not count.
 */
export function heatVerb(link: ClickHouseLink): Pick<ClickHouseReads, 'partitionReads'> {
  return {
    partitionReads: async ({ database, table }, days) => {
      if (!(await systemColumns(link, 'query_log')).has('partitions')) return undefined;
      const prefix = `${database}.${table}.`;
      return link.rows(
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
