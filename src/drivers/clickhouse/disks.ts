import { z } from 'zod';
import { systemTables } from './capabilities.ts';
import type { ClickHouseSession } from './session.ts';
import { sql } from './sql.ts';
import { whole } from './replicas.ts';

const disk = z.strictObject({ name: z.string(), path: z.string(), freeBytes: whole, totalBytes: whole });
export type DiskFacts = z.output<typeof disk>;

const tableUsage = z.strictObject({ database: z.string(), table: z.string(), bytes: whole, activeBytes: whole });
/** `bytes`: of all parts that lie on disk, those included that a merge has replaced and that are about to go. */
export type Usage = readonly z.output<typeof tableUsage>[];

/** What is read of disks. */
export type DiskReads = {
  /** undefined where the server can't say (no `system.disks`). */
  disks: () => Promise<readonly DiskFacts[] | undefined>;
  /** What the parts of each table take up on this server; what lies in `detached` isn't among it. */
  usage: () => Promise<Usage>;
};

/** Room on the server. 18.16 has nothing that tells of free space: there it is the declared size less what is used. */
export function diskVerbs(session: ClickHouseSession): DiskReads {
  return {
    disks: async () => {
      if (!(await systemTables(session)).has('disks')) return undefined;
      return session.rows(
        disk,
        sql`SELECT name, path, free_space AS freeBytes, total_space AS totalBytes FROM system.disks ORDER BY name`,
      );
    },
    usage: () =>
      session.rows(
        tableUsage,
        sql`SELECT database, table, sum(bytes_on_disk) AS bytes, sumIf(bytes_on_disk, active) AS activeBytes
          FROM system.parts GROUP BY database, table ORDER BY database, table`,
      ),
  };
}
