import type { RunInput } from '../protocol.ts';

/** The steps of its runs. */
export const lifecycleSteps = ['reconcile-lifecycle'] as const;

/** A lifecycle rule as the store has it; all of it, also what Gantry does not know, is kept in `raw`. */
export type LifecycleRule = {
  id: string;
  enabled: boolean;
  prefix: string | undefined;
  transitions: readonly { days: number; storageClass: string }[];
  expirationDays?: number;
  noncurrentExpirationDays?: number;
  /** The whole rule in the SDK's own form, to be written back as it was read. */
  raw: unknown;
};

/** The input of a run that brings the age rules of an archive's bucket to what the platform file says. */
export type ArchiveLifecycleInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
};
