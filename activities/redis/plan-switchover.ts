import { GantryError, problem, refusal } from '../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../src/planning/redis/index.ts';
import { planSwitchover } from '../../src/planning/redis/index.ts';
import type { PlanActivity, RedisSwitchoverInput } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { sealPlan } from '../run/seal-plan.ts';
import type { RedisDeps } from './access.ts';
import { readFacts } from './read-facts.ts';

/**
 * Reads the group and plans the handover; changes nothing.
 * @throws every problem at once, each with the node and the fact in the way; PLATFORM_CHANGED, REDIS_UNKNOWN_GROUP.
 */
export function planSwitchoverActivity(
  { groups }: RedisDeps,
  runtime: StepRuntime,
): PlanActivity<RedisSwitchoverInput, RedisSwitchoverData> {
  return plainActivity(async (call, signal) => {
    if (call.platformDigest !== runtime.platformDigest) {
      throw new GantryError('PLATFORM_CHANGED', 'this worker has another platform file than the run began with', {
        evidence: { planned: call.platformDigest, worker: runtime.platformDigest },
      });
    }
    const access = await groups(call.input.group);
    const facts = await readFacts(access, signal);
    const planned = planSwitchover(access.config, facts, call.input, call.policy);
    if (planned.ok) return sealPlan(planned.draft, call);
    throw refusal(planned.findings.map(({ code, message, place }) => problem(code, message, place)));
  });
}
