import { definePlan } from '../../../src/steps/index.ts';
import { planRedundancy } from '../../../src/planning/redis/index.ts';
import type { PlanCall, RedisRestoreRedundancyInput } from '../../../src/runs/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';
import { readRecords } from '../group/read-records.ts';

/** Reads the group and plans how its replicas come back. @throws REDIS_UNKNOWN_GROUP, and every finding at once */
export const restoreRedundancyPlan = definePlan(
  'redis.restore-redundancy',
  async ({ input, policy }: PlanCall<RedisRestoreRedundancyInput>, { groups }: RedisDeps, signal) => {
    const access = await groups(input.group);
    const facts = await readFacts(access, signal);
    // After the facts: a node that is down costs its timeout once, and a refused password is a finding there.
    const { lastFailover } = await readRecords(access).catch(() => ({ lastFailover: undefined }));
    const all = { ...facts, ...(lastFailover ? { failedOver: lastFailover } : {}) };
    return planRedundancy(access.config, all, input, policy.soak.durationMs);
  },
);
