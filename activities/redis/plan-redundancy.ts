import type { RedisRedundancyData } from '../../src/planning/redis/index.ts';
import { planRedundancy } from '../../src/planning/redis/index.ts';
import type { PlanActivity, RedisRestoreRedundancyInput } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import type { RedisDeps } from './access.ts';
import { planningActivity } from '../run/planning-activity.ts';
import { readFacts } from './read-facts.ts';
import { readRecords } from './read-records.ts';

/** Reads the group and plans how its replicas come back. @throws REDIS_UNKNOWN_GROUP, and as `planningActivity` does */
export function planRedundancyActivity(
  { groups }: RedisDeps,
  runtime: StepRuntime,
): PlanActivity<RedisRestoreRedundancyInput, RedisRedundancyData> {
  return planningActivity(runtime, async ({ input, policy }, signal) => {
    const access = await groups(input.group);
    const facts = await readFacts(access, signal);
    // After the facts: a node that is down costs its timeout once, and a refused password is a finding there.
    const { lastFailover } = await readRecords(access).catch(() => ({ lastFailover: undefined }));
    const all = { ...facts, ...(lastFailover ? { failedOver: lastFailover } : {}) };
    return planRedundancy(access.config, all, input, policy.soak.durationMs);
  });
}
