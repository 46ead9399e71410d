import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RedisAudit, RedisAuditInput } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import { callDomain, domainRefs } from '../run/call.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/** A live worker begins at once; nobody waits for one that is away. */
const startMs = 5_000;

/** Looks at what a terminated run may have left behind in Redis. An observer: it changes nothing and holds no lock. */
export async function redisAudit(input: RedisAuditInput): Promise<RedisAudit> {
  return callDomain(redis.audit, input, defaultPolicy.profiles.quick, 'audit the Redis groups', startMs);
}
