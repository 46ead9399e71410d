import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RedisRejoinInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/**
 * Brings an old primary back as a replica: it refuses writes first, its data are kept, then it follows the present primary.
 * Runbook: docs/redis/rejoin.md.
 */
export async function redisRejoin(input: RedisRejoinInput): Promise<RunReport> {
  return openRun('redis.rejoin', input, async (run) => {
    const plan = await run.plan(redis.planRejoin, input);
    const { data } = plan;
    if (data.idle) return;
    await run.approval(plan);
    const { join } = data;
    await run.step('refuse writes on the old primary', redis.quarantine, join);
    await run.step('keep its data', redis.keepData, join, { profile: 'watched' });
    if (data.lost) {
      const lost = await run.step('find out what is discarded', redis.forensics, data.lost);
      if (lost?.after.known) run.measure('lostWrites', lost.after.writes);
    }
    await run.step('start it', redis.startNode, join, { profile: 'slow' });
    await run.step('let it follow the primary', redis.follow, join, { pointOfNoReturn: true });
    await run.step('let it catch up', redis.catchUp, join, { profile: 'watched' });
    await run.step('restore the write safety', redis.restoreWriteSafety, data);
    await run.step('prove the roles', redis.proveRoles, data, { invariant: true });
    await run.soak(plan.policy.soak, redis.checkReplication, data);
  });
}
