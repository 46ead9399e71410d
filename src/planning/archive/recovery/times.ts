import type { ThawTier } from '../../../runs/index.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * How long a thaw may take at most, by storage class and tier: AWS's own figures
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.md). Deep Archive has no Expedited.
 */
export const thawTimes: Readonly<Record<string, Partial<Record<ThawTier, number>>>> = {
  GLACIER: { Expedited: 5 * minute, Standard: 5 * hour, Bulk: 12 * hour },
  DEEP_ARCHIVE: { Standard: 12 * hour, Bulk: 48 * hour },
};

/** From slow to fast. */
export const tiersBySpeed: readonly ThawTier[] = ['Bulk', 'Standard', 'Expedited'];

/** Whether an object of this class must be thawed before it can be read. */
export function mustThaw(storageClass: string): boolean {
  return Object.hasOwn(thawTimes, storageClass);
}

/** How long a thaw of this class takes at most with a tier; nothing where the class does not have the tier. */
export function thawMs(storageClass: string, tier: ThawTier): number | undefined {
  return thawTimes[storageClass]?.[tier];
}

/** Bytes a second that a phase is planned with; what it really took is in the report. Below what one machine does on loopback. */
export type RestoreRates = { copy: number; verify: number; restore: number; validate: number; perObjectMs: number };

export const plannedRates: RestoreRates = {
  copy: 100e6,
  verify: 100e6,
  restore: 40e6,
  validate: 100e6,
  // A request to copy and one to read, at the usual concurrency.
  perObjectMs: 30,
};

export type PhaseTimes = { copyMs: number; verifyMs: number; restoreMs: number; validateMs: number };

/** How long what follows the thaw is planned to take. Milliseconds. */
export function phaseTimes(bytes: number, objects: number, rates: RestoreRates = plannedRates): PhaseTimes {
  const at = (rate: number): number => Math.ceil((bytes / rate) * 1000) + objects * rates.perObjectMs;
  return {
    copyMs: at(rates.copy),
    verifyMs: at(rates.verify),
    restoreMs: at(rates.restore),
    validateMs: Math.ceil((bytes / rates.validate) * 1000),
  };
}

/** A copy must outlive the slowest thaw, its copying and its proof; three days are for people. Whole days, at least 4. */
export function copyDays(slowestThawMs: number, { copyMs, verifyMs }: PhaseTimes): number {
  return Math.ceil((slowestThawMs + copyMs + verifyMs) / day) + 3;
}
