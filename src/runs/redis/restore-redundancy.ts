import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const restoreRedundancySteps = [
  'start-node',
  'follow',
  'catch-up',
  'restore-write-safety',
  'prove-roles',
  'check-replication',
] as const;

/** The input of the return to as many sound replicas as the platform file declares. */
export type RedisRestoreRedundancyInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
};
