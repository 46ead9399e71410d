import { z } from 'zod';
import type { RedisNode } from '../../src/drivers/redis/index.ts';
import { failoverKey, minReplicasKey } from '../../src/drivers/redis/index.ts';
import { GantryError, problem, refusal } from '../../src/errors/index.ts';
import type { RedisFailoverData } from '../../src/planning/redis/index.ts';
import { planFailover } from '../../src/planning/redis/index.ts';
import type { PlanActivity, RedisFailoverInput, RedisSight, RedisSuspect } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { sealPlan } from '../run/seal-plan.ts';
import type { RedisDeps, RedisGroupAccess } from './access.ts';
import { brief, isAbsence, withNode } from './access.ts';
import { lookAtLinks } from './links.ts';
import { readFacts } from './read-facts.ts';

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

const record = z.object({ at: z.iso.datetime(), epoch: z.int() });

type Records = { lastFailover?: z.output<typeof record>; minReplicasRecorded?: number };

/** What earlier runs wrote into the database, as the nodes that answer have it; of several, the newest. */
async function readRecords(access: RedisGroupAccess, suspect: string): Promise<Records> {
  const read = await Promise.all(access.config.nodes.map(({ name }) => recordsOf(access, name, name === suspect)));
  const newest = read
    .filter(({ lastFailover }) => lastFailover !== undefined)
    .sort((a, b) => (b.lastFailover?.epoch ?? 0) - (a.lastFailover?.epoch ?? 0))[0];
  // The least that any of them has: a lease must not be believed in on the strength of an old copy.
  const counts = read.flatMap(({ minReplicasRecorded }) => minReplicasRecorded ?? []);
  return {
    ...(newest?.lastFailover ? { lastFailover: newest.lastFailover } : {}),
    ...(counts.length > 0 ? { minReplicasRecorded: Math.min(...counts) } : {}),
  };
}

async function recordsOf(access: RedisGroupAccess, name: string, isSuspect: boolean): Promise<Records> {
  const read = async (node: RedisNode): Promise<Records> => {
    const [text, count] = [await node.get(failoverKey), Number((await node.get(minReplicasKey)) ?? NaN)];
    const parsed = record.safeParse(jsonOf(text));
    return {
      ...(parsed.success ? { lastFailover: parsed.data } : {}),
      ...(Number.isInteger(count) ? { minReplicasRecorded: count } : {}),
    };
  };
  try {
    return await withNode(access, name, read, isSuspect ? brief(access) : undefined);
  } catch (error) {
    if (isAbsence(error)) return {};
    throw error;
  }
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
