import { definePlan } from '../../../src/steps/index.ts';
import { planRejoin } from '../../../src/planning/redis/index.ts';
import type { PlanCall, RedisRejoinInput } from '../../../src/runs/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';

/** Reads the group and plans the return of an old primary. @throws REDIS_UNKNOWN_GROUP, and every finding at once */
export const rejoinPlan = definePlan(
  'redis.rejoin',
  async ({ input, policy }: PlanCall<RedisRejoinInput>, { groups }: RedisDeps, signal) => {
    const access = await groups(input.group);
    return planRejoin(access.config, await readFacts(access, signal), input, policy.soak.durationMs);
  },
);
