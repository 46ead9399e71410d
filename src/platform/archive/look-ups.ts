import { GantryError } from '../../errors/index.ts';
import type { TotalSpec } from '../../runs/index.ts';
import type { Platform } from '../schema/platform.ts';
import type { Archive } from './schema.ts';

/**
 * The archive called `name`.
 * @throws GantryError ARCHIVE_UNKNOWN, naming the archives that there are.
 */
export function archiveOf({ archive: { archives } }: Platform, name: string): Archive {
  const found = Object.hasOwn(archives, name) ? archives[name] : undefined;
  if (found) return found;
  const known = Object.keys(archives).sort();
  const rest = known.length === 0 ? 'the platform file has none' : `known: ${known.join(', ')}`;
  throw new GantryError('ARCHIVE_UNKNOWN', `no archive is called ${name}; ${rest}`, {
    evidence: { archive: name, known },
  });
}

/** A ClickHouse table that an archive holds, by cluster and full name, and what is added up of it. */
export type ArchivedTable = { cluster: string; table: string; totals: readonly TotalSpec[] };

/** Every table that an archive holds: those that its sources name, or all that Gantry knows of the cluster. */
export function archivedTables({ clickhouse }: Platform, { sources }: Archive): readonly ArchivedTable[] {
  return sources.clickhouse.flatMap(({ cluster, tables, totals }) => {
    const known = Object.keys(clickhouse.clusters[cluster]?.tables ?? {});
    return (tables.length > 0 ? tables : known).map((table) => ({
      ...{ cluster, table },
      totals: Object.entries(totals[table] ?? {}).map(([name, total]) => ({ name, ...total })),
    }));
  });
}
