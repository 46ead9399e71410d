import type { Prices } from './types.ts';

const month = 30 * 86_400_000;
const GB = 1e9;

/** What a backup will cost, and which prices were not known. */
export type BackupCost = { once: number; perMonth: number; kept: number; unknown: readonly string[] };

/**
 * Estimate of a backup that writes `bytes` in `objects`, and reads all of it back. `kept`: storing it for `retentionMs` in the
 * class that it is written in; ages into colder classes make it less. Pure.
 */
export function backupCost(
  prices: Prices,
  {
    objects,
    bytes,
    retentionMs,
    storageClass,
  }: { objects: number; bytes: number; retentionMs: number; storageClass: string },
): BackupCost {
  const unknown: string[] = [];
  const price = (name: string, value: number | undefined): number => {
    if (value === undefined) unknown.push(name);
    return value ?? 0;
  };
  // Each object: one PUT, two GETs (HEAD and the read back); three more for its list and its protection are shared or free.
  const once =
    (objects / 1_000) * (price('requests.put', prices.requests.put) + 2 * price('requests.get', prices.requests.get)) +
    (bytes / GB) * price('transferPerGB', prices.transferPerGB);
  const perMonth = (bytes / GB) * price(`storage.${storageClass}`, prices.storage[storageClass]);
  return { once, perMonth, kept: once + perMonth * (retentionMs / month), unknown };
}
