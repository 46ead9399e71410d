import { planFailover } from '../../../src/planning/redis/index.ts';
import type { PlanCall, RedisFailoverInput, RedisObservation, RedisSuspect } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readLinks } from '../group/links.ts';
import { readFacts } from '../group/read-facts.ts';
import { readRecords } from '../group/read-records.ts';

/** What was asked for, and what the vantages and the replicas saw of the primary. */
export type FailoverPlanInput = RedisFailoverInput & {
  suspect: RedisSuspect;
  observations: readonly RedisObservation[];
  /** When the look was over, by Temporal's clock: a worker's own has no say. Milliseconds since the epoch. */
  nowMs: number;
};

/**
 * Reads what is left of the group and plans the failover; changes nothing.
 * @throws every problem at once; REDIS_UNKNOWN_GROUP
 */
export const failoverPlan = definePlan(
  'redis.failover',
  async (call: PlanCall<FailoverPlanInput>, { groups }: RedisDeps, signal) => {
    const { suspect, observations, nowMs, ...asked } = call.input;
    const access = await groups(asked.group);
    const [facts, detached, records] = await Promise.all([
      readFacts(access, signal, suspect.primary.name),
      readLinks(access, suspect.primary),
      readRecords(access, suspect.primary.name),
    ]);
    const all = { ...facts, ...records, suspect, observations, detached, nowMs };
    return planFailover(access.config, all, asked, call.policy.soak.durationMs);
  },
);
