import type { TableShard, TotalSpec } from '../../../src/runs/index.ts';
import type { ArchiveAccess } from '../access/access.ts';

/** What the platform file declares of a table. */
export function totalsOf(
  { tables }: Pick<ArchiveAccess, 'tables'>,
  { cluster, table }: Pick<TableShard, 'cluster' | 'table'>,
): readonly TotalSpec[] {
  return tables.find((one) => one.cluster === cluster && one.table === table)?.totals ?? [];
}

/** Whether totals were made of the same declarations, in whatever order. */
export function sameSpecs(a: readonly TotalSpec[], b: readonly TotalSpec[]): boolean {
  const words = (specs: readonly TotalSpec[]): string[] =>
    specs.map(({ name, sum, by }) => JSON.stringify([name, sum ?? null, by])).sort();
  return words(a).join() === words(b).join();
}
