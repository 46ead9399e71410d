import type { RedisObservation, RedisSuspect } from '../../../runs/index.ts';
import type { GroupFacts, GroupIntent } from '../group/types.ts';
import type { DetachedFor } from './lease.ts';

/** What the platform file says of a group's failover. Structurally a part of its `RedisGroup`. */
export type FailoverIntent = GroupIntent & {
  failover: {
    lossLimitBytes: number;
    maxLinkAgeMs: number;
    antiFlapMs: number;
    leaseMarginMs: number;
    fences: readonly { kind: 'refuse-writes' | 'command' | 'ssh' | 'lease'; name?: string; what?: string }[];
    forensics?: object;
  };
  sentinel?: object;
};

/** Everything that was read for a failover. */
export type FailoverFacts = GroupFacts & {
  suspect: RedisSuspect;
  observations: readonly RedisObservation[];
  /** How long each replica has certainly been without the dead primary. */
  detached: readonly DetachedFor[];
  /** The record that the last failover left in the database. */
  lastFailover?: { at: string; epoch: number };
  /** The least that Gantry recorded to have set `min-replicas-to-write` to on the primary, as any node has it. */
  minReplicasRecorded?: number;
  /** When all this was read, by Temporal's clock: the ages of what runs left behind are reckoned by it. */
  nowMs: number;
};
