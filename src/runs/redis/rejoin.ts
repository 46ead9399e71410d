import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const rejoinSteps = [
  'quarantine',
  'keep-data',
  'forensics',
  'start-node',
  'follow',
  'catch-up',
  'restore-write-safety',
  'prove-roles',
  'check-replication',
] as const;

/** The input of the return of an old primary, as a replica. */
export type RedisRejoinInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The node that comes back. */
  node: string;
};
