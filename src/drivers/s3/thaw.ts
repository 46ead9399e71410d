import { GantryError } from '../../errors/index.ts';
import type { ThawState } from './types.ts';

/** Classes whose objects cannot be read without a thaw. GLACIER_IR is read at once. */
const cold: readonly string[] = ['GLACIER', 'DEEP_ARCHIVE'];

/** Whether objects of this class must be thawed before they are read. */
export function isCold(storageClass: string): boolean {
  return cold.includes(storageClass);
}

/**
 * What HEAD says → whether the object can be read. `restore` is `x-amz-restore`: `ongoing-request="true"`, or
 * `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`; `archiveStatus` is what Intelligent-Tiering adds.
 * @throws S3_REFUSED for a header of another form: a guess could thaw, or wait, for ever
 */
export function thawState(storageClass: string, restore: string | undefined, archiveStatus?: string): ThawState {
  if (!isCold(storageClass) && archiveStatus === undefined) return { state: 'warm' };
  if (restore === undefined) return { state: 'cold' };
  if (/ongoing-request="true"/.test(restore)) return { state: 'thawing' };
  const expiresAtMs = Date.parse(/expiry-date="([^"]+)"/.exec(restore)?.[1] ?? '');
  if (/ongoing-request="false"/.test(restore) && !Number.isNaN(expiresAtMs)) return { state: 'thawed', expiresAtMs };
  // Intelligent-Tiering moves the object back for good, without an expiry.
  if (/ongoing-request="false"/.test(restore) && archiveStatus === undefined) return { state: 'cold' };
  throw new GantryError('S3_REFUSED', `x-amz-restore is "${restore.slice(0, 100)}", which is of no known form`);
}
