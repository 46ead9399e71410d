import type { GuardPolicy } from '../../runs/index.ts';
import { guardKind } from '../../runs/index.ts';
import { policyFor } from '../look-ups.ts';
import { redisGroup } from './look-ups.ts';
import type { Platform } from '../schema/platform.ts';

/**
 * How the group called `name` is to be guarded. Reminders and time limits are those of the policies of its domain.
 * @throws GantryError REDIS_UNKNOWN_GROUP
 */
export function guardPolicy(platform: Platform, name: string): GuardPolicy {
  const group = redisGroup(platform, name);
  const { sampleEveryMs, auditEveryMs, sliceMs, unwatchedAfterMs, retryFirstMs, retryMaxMs } = group.guard;
  const { remindEveryMs, profiles } = policyFor(platform, guardKind);
  return {
    mode: group.failover.mode,
    sentinel: group.sentinel !== undefined,
    approvers: policyFor(platform, 'redis.failover').approval.people,
    sampleEveryMs,
    auditEveryMs,
    sliceMs,
    unwatchedAfterMs,
    retryFirstMs,
    retryMaxMs,
    remindEveryMs,
    profile: profiles.quick,
  };
}
