import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const tierSteps = ['align-table', 'move-to-volume', 'prove-rollup', 'expire-partition'] as const;

/** The input of a tiering run: one table, which is a level of a family. */
export type ClickHouseTierInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
};
