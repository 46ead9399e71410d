import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place: those of a restore up to its proof. */
export const drillSteps = [
  'request-thaw',
  'await-thaw',
  'copy-out',
  'prove-objects',
  'prove-closed',
  'fill-staging',
  'verify-staging',
  'clear-staging',
  'drop-copies',
  'count-cost',
  'mark-backup',
] as const;

/** The input of a drill. */
export type ArchiveDrillInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
  /** `all`, a table in full (`database.table`), or a Redis group. */
  what: string;
  /** The backup; the newest that can be trusted unless given. */
  backup?: string;
};
