import type { RedisActivities } from '../../activities/redis/index.ts';
import type { RedisSwitchoverInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../../workflows/run/call.ts';
import { openRun } from '../../workflows/run/open-run.ts';

const redis = domainRefs<RedisActivities, 'redis'>('redis');

/** The switchover as somebody might change it without thinking of open runs: it no longer prepares the candidate. */
export async function redisSwitchover(input: RedisSwitchoverInput): Promise<RunReport> {
  return openRun('redis.switchover', input, async (run) => {
    const plan = await run.plan(redis.planSwitchover, input);
    await run.approval(plan);
    await run.step('prove replication with a canary', redis.canary, plan.data);
    await run.step('hand over', redis.handover, plan.data, { undo: true, pointOfNoReturn: true });
  });
}
