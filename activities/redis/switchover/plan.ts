import { planSwitchover } from '../../../src/planning/redis/index.ts';
import type { PlanCall, RedisSwitchoverInput } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';

/**
 * Reads the group and plans the handover; changes nothing.
 * @throws every problem at once, each with the node and the fact in the way; REDIS_UNKNOWN_GROUP.
 */
export const switchoverPlan = definePlan(
  'redis.switchover',
  async (call: PlanCall<RedisSwitchoverInput>, { groups }: RedisDeps, signal) => {
    const access = await groups(call.input.group);
    const facts = await readFacts(access, signal);
    return planSwitchover(access.config, facts, call.input, call.policy);
  },
);
