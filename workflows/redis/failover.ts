import type { RedisActivities } from '../../activities/redis/index.ts';
import type { FailoverPlanInput } from '../../activities/redis/failover/plan.ts';
import type { RedisFailoverInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import { justify, observe } from './failover/observe.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/**
 * Replaces the dead primary of a Redis group: looks from several places, fences the old one, promotes a replica, redirects
 * clients. It pre-empts whatever run holds the group. Runbook: docs/redis/failover.md.
 */
export async function redisFailover(input: RedisFailoverInput): Promise<RunReport> {
  return openRun(
    'redis.failover',
    input,
    async (run) => {
      const startedAt = Date.now();
      let looked: FailoverPlanInput | undefined;
      const plan = await run.plan(redis.planFailover, async () => (looked = await observe(input)));
      run.measure('detectMs', Date.now() - startedAt);
      await run.approval(plan);
      // A decision that is acted on later is looked at again; the approval has just done so.
      const decidedAt = looked?.suspect.clocks?.[plan.data.candidate.name];
      const data = { ...plan.data, ...(decidedAt === undefined ? {} : { decidedAt }) };

      const fencingAt = Date.now();
      const fenced = await run.step('fence the old primary', redis.fence, data, { undo: true, profile: 'slow' });
      const receipt = fenced?.after.receipt;
      if (receipt?.kind === 'lease') {
        await run.wait('let the lease of the old primary end', receipt.waitMs ?? data.leaseMs);
        await run.step('see that the lease has ended', redis.leaseEnded, data);
      }
      run.measure('fenceMs', Date.now() - fencingAt);

      const { kind, at } = receipt ?? {};
      const promotion = { ...data, ...(kind ? { fence: { kind, ...(at === undefined ? {} : { at }) } } : {}) };
      await run.step('promote and redirect', redis.promote, promotion, { pointOfNoReturn: true });
      run.measure('writableMs', Date.now() - startedAt);
      await run.step('re-point the siblings', redis.repointSiblings, data);
      const lost = await run.step('find out what is lost', redis.forensics, data);
      if (lost?.after.known) run.measure('lostWrites', lost.after.writes);
      await run.step('restore the write safety', redis.restoreWriteSafety, data);
      await run.step('prove the roles', redis.proveRoles, data, { invariant: true });
      await run.soak(plan.policy.soak, redis.checkReplication, data);
    },
    { emergency: () => justify(input) },
  );
}
