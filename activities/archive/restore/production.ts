import type { RestoreObject, RestorePart, Stored } from '../../../src/runs/index.ts';

export type TablePart = Extract<RestorePart, { kind: 'clickhouse' }>;

/** One table of a promotion. */
export type TableInput = { archive: string; name: string; objects: Stored<RestoreObject>; part: TablePart };

/** The table beside that of production that is filled first: only what is proven there becomes production's. */
export function besideTable(name: string, { database, table }: { database: string; table: string }) {
  return { database, table: `${table}__restore_${name}` };
}
