import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const switchoverSteps = [
  'canary',
  'prepare-candidate',
  'prefer-candidate',
  'handover',
  'settle',
  'repoint-siblings',
  'restore-write-safety',
  'restore-priorities',
  'prove-sentinels',
  'prove-roles',
  'check-replication',
] as const;

/**
 * `fast`: leased write pause, 5–50 ms without writes. `failover`: the server's own FAILOVER, about 1 s. Under Sentinel, and
 * only there: `sentinel`: leased write pause and SENTINEL FAILOVER, about 1.5 s; `coordinated`: the Sentinel lets the
 * primary hand over itself (Valkey 9), about 1 s.
 */
export type RedisProcedure = 'fast' | 'failover' | 'sentinel' | 'coordinated';

/** The input of a planned handover of a group's primary. */
export type RedisSwitchoverInput = RunInput & {
  /** The group's name in the platform file. */
  group: string;
  /** The node that is to become primary; the fittest replica unless given. */
  to?: string;
  /** Chosen by the plan unless given. */
  procedure?: RedisProcedure;
};
