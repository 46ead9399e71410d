import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RedisSwitchoverInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/**
 * Hands the primary role of a Redis group to a replica without losing an acknowledged write.
 * Runbook: docs/redis/switchover.md.
 */
export async function redisSwitchover(input: RedisSwitchoverInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(redis.planSwitchover, input);
    await run.approval(plan);
    const { data } = plan;
    await run.step('prove replication with a canary', redis.canary, data, { leavesNothing: true });
    await run.step('prepare the candidate', redis.prepareCandidate, data, { undo: true });
    if (data.sentinel) {
      await run.step('let the Sentinels prefer the candidate', redis.preferCandidate, data, { undo: true });
    }
    await run.step('hand over', redis.handover, data, { undo: true, pointOfNoReturn: true });
    await run.step('settle the handover', redis.settle, data);
    await run.step('re-point the siblings', redis.repointSiblings, data);
    await run.step('restore the write safety', redis.restoreWriteSafety, data);
    if (data.sentinel) {
      await run.step('restore the priorities', redis.restorePriorities, data);
      await run.step('prove that the Sentinels agree', redis.proveSentinels, data);
    }
    await run.step('prove the roles', redis.proveRoles, data, { invariant: true });
    await run.soak(plan.policy.soak, redis.checkReplication, data);
  });
}
