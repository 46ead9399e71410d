import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RedisRestoreRedundancyInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/**
 * Brings every declared node back that is not a sound replica of the primary, one after the other: a full copy is expensive
 * for the primary. Then the write safety is what the platform file says again. Runbook: docs/redis/restore-redundancy.md.
 */
export async function redisRestoreRedundancy(input: RedisRestoreRedundancyInput): Promise<RunReport> {
  return openRun('redis.restore-redundancy', input, async (run) => {
    const plan = await run.plan(redis.planRestoreRedundancy, input);
    const { data } = plan;
    if (data.idle) return;
    await run.approval(plan);
    for (const join of data.joins) {
      const { name } = join.node;
      await run.step(`start ${name}`, redis.startNode, join, { profile: 'slow' });
      await run.step(`let ${name} follow the primary`, redis.follow, join);
      await run.step(`let ${name} catch up`, redis.catchUp, join, { profile: 'watched' });
    }
    await run.step('restore the write safety', redis.restoreWriteSafety, data);
    await run.step('prove the roles', redis.proveRoles, data, { invariant: true });
    await run.soak(plan.policy.soak, redis.checkReplication, data);
  });
}
