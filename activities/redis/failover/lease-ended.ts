import type { DetachedFor, RedisFailoverData } from '../../../src/planning/redis/index.ts';
import { judgePlannedLease } from '../../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readLinks } from '../group/links.ts';

/**
 * The gate behind a lease: by the replicas' own clocks the old primary has had no acknowledgement for long enough. A link
 * that came back in the meantime renewed it, and says that the primary lives.
 */
export const leaseEnded = defineStep<RedisFailoverData, readonly DetachedFor[], RedisDeps>({
  name: 'redis.lease-ended',
  settleMs: 15_000,
  settleEveryMs: 200,
  probe: async (data, { groups }) => {
    const links = await readLinks(await groups(data.group), data.dead);
    const back = linkedAgain(links, data);
    if (back !== undefined) return blocked('REDIS_PRIMARY_BACK', links, back);
    const lease = judgePlannedLease(data, links, data.elsewhere);
    if (!lease.valid) return blocked('FENCE_IMPOSSIBLE', links, `the lease is void: ${lease.why}`);
    if (lease.waitMs > 0) return todo(links, `the lease has ${lease.waitMs} ms left`);
    return done(links, `no acknowledgement to ${data.dead.name} for ${data.leaseMs} ms: it refuses writes by itself`);
  },
  // Only time is missing.
  apply: async () => undefined,
});

/** A lease that had ended, and that a link which came back has renewed, gone again or not: in words, or nothing. */
export function leaseRenewed(links: readonly DetachedFor[], data: RedisFailoverData): string | undefined {
  const back = linkedAgain(links, data);
  if (back !== undefined) return back;
  const lease = judgePlannedLease(data, links, data.elsewhere);
  if (!lease.valid) return `the lease of ${data.dead.name} is void: ${lease.why}`;
  if (lease.waitMs === 0) return undefined;
  return `a replica was linked to ${data.dead.name} again: its lease has ${lease.waitMs} ms left`;
}

/** A link that is up again renews the lease, and says that the primary lives: in words, or nothing. */
function linkedAgain(links: readonly DetachedFor[], { dead }: RedisFailoverData): string | undefined {
  const back = links.filter(({ state }) => state === 'silent').map(({ replica }) => replica);
  return back.length > 0 ? `${back.join(', ')} is linked to ${dead.name} again` : undefined;
}
