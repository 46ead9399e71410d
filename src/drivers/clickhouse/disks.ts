import { z } from 'zod';
import { systemTables } from './capabilities.ts';
import type { ClickHouseLink } from './link.ts';
import { sql } from './sql.ts';
import { whole } from './standing.ts';
import type { ClickHouseReads } from './types.ts';

const disk = z.strictObject({ name: z.string(), path: z.string(), freeBytes: whole, totalBytes: whole });
export type DiskFacts = z.output<typeof disk>;

const tableUsage = z.strictObject({ database: z.string(), table: z.string(), bytes: whole, activeBytes: whole });
/** `bytes`: of all parts that lie on disk, those included that a merge has replaced and that are about to go. */
export type Usage = readonly z.output<typeof tableUsage>[];

/** Room on the server. 18.16 has nothing that tells of free space: there it is the declared size less what is used. */
export function diskVerbs(link: ClickHouseLink): Pick<ClickHouseReads, 'disks' | 'usage'> {
  return {
    disks: async () => {
      if (!(await systemTables(link)).has('disks')) return undefined;
      return link.rows(
        disk,
        sql`SELECT name, path, free_space AS freeBytes, total_space AS totalBytes FROM system.disks ORDER BY name`,
      );
    },
    usage: () =>
      link.rows(
        tableUsage,
        sql`SELECT database, table, sum(bytes_on_disk) AS bytes, sumIf(bytes_on_disk, active) AS activeBytes
          FROM system.parts GROUP BY database, table ORDER BY database, table`,
      ),
  };
}
