import type { RedisRejoinData } from '../../src/planning/redis/index.ts';
import { planRejoin } from '../../src/planning/redis/index.ts';
import type { PlanActivity, RedisRejoinInput } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { planningActivity } from '../run/planning-activity.ts';
import { readFacts } from './read-facts.ts';

/** Reads the group and plans the return of an old primary. @throws REDIS_UNKNOWN_GROUP, and as `planningActivity` does */
export function planRejoinActivity(
  { groups }: RedisDeps,
  runtime: StepRuntime,
): PlanActivity<RedisRejoinInput, RedisRejoinData> {
  return planningActivity(runtime, async ({ input, policy }, signal) => {
    const access = await groups(input.group);
    return planRejoin(access.config, await readFacts(access, signal), input, policy.soak.durationMs);
  });
}
