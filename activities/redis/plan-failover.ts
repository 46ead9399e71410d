import { GantryError, problem, refusal } from '../../src/errors/index.ts';
import type { RedisFailoverData } from '../../src/planning/redis/index.ts';
import { planFailover } from '../../src/planning/redis/index.ts';
import type { PlanActivity, RedisFailoverInput, RedisSight, RedisSuspect } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { sealPlan } from '../run/seal-plan.ts';
import type { RedisDeps } from './access.ts';
import { lookAtLinks } from './links.ts';
import { readFacts } from './read-facts.ts';
import { readRecords } from './read-records.ts';

/** What was asked for, and what the vantages and the replicas saw of the primary. */
export type FailoverPlanInput = RedisFailoverInput & { suspect: RedisSuspect; sights: readonly RedisSight[] };

/**
 * Reads what is left of the group and plans the failover; changes nothing.
 * @throws every problem at once; PLATFORM_CHANGED, REDIS_UNKNOWN_GROUP
 */
export function planFailoverActivity(
  { groups }: RedisDeps,
  runtime: StepRuntime,
): PlanActivity<FailoverPlanInput, RedisFailoverData> {
  return plainActivity(async (call, signal) => {
    if (call.platformDigest !== runtime.platformDigest) {
      throw new GantryError('PLATFORM_CHANGED', 'this worker has another platform file than the run began with', {
        evidence: { planned: call.platformDigest, worker: runtime.platformDigest },
      });
    }
    const { suspect, sights, ...asked } = call.input;
    const access = await groups(asked.group);
    const [facts, detached, records] = await Promise.all([
      readFacts(access, signal, suspect.primary.name),
      lookAtLinks(access, suspect.primary),
      readRecords(access, suspect.primary.name),
    ]);
    const all = { ...facts, ...records, suspect, sights, detached, nowMs: Date.now() };
    const planned = planFailover(access.config, all, asked, call.policy.soak.durationMs);
    if (planned.ok) return sealPlan(planned.draft, call);
    throw refusal(planned.findings.map(({ code, message, place }) => problem(code, message, place)));
  });
}
