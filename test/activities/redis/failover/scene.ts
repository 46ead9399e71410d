import { join } from 'node:path';
import type { Promotion } from '../../../../activities/redis/failover/promote.ts';
import { createVantageActivities } from '../../../../activities/redis/failover/observe.ts';
import { redisGroupAccess } from '../../../../activities/redis/index.ts';
import { labProcessFence } from '../../../../lab/redis/fence.ts';
import { failoverDefaults } from '../../../../src/platform/index.ts';
import type { RedisFailover, RedisFence } from '../../../../src/platform/index.ts';
import type { RedisFailoverData } from '../../../../src/planning/redis/index.ts';
import type {
  Plan,
  RedisObservation,
  RedisObservationCall,
  RedisSuspect,
  StepMode,
} from '../../../../src/runs/index.ts';
import { defaultPolicy } from '../../../../src/runs/index.ts';
import type { Scene, SceneOptions } from '../scene.ts';
import { groupName, password, quiet, scene } from '../scene.ts';

export const digest = 'digest-of-the-test';

/** A scene whose nodes can be fenced by their process. */
export async function failoverScene(change: Partial<RedisFailover> = {}, options: SceneOptions = {}): Promise<Scene> {
  const s = await scene({ replicas: 2, ...options });
  const stateDir = join(s.lab.node('r1').dir, '..', '..');
  const fences: RedisFence[] = [{ kind: 'refuse-writes' }, labProcessFence(stateDir)];
  s.config.failover = { ...failoverDefaults, probeEveryMs: 100, probeTimeoutMs: 300, fences, ...change };
  return s;
}

/** What a vantage sees of a node. */
export async function look(s: Scene, node = 'r1'): Promise<RedisObservation> {
  const access = redisGroupAccess(groupName, s.config, () => password);
  const { redisObserve } = createVantageActivities({ groups: () => access, vantage: 'main', domain: 'here' });
  const call: RedisObservationCall = { group: groupName, node, probes: 2, everyMs: 100, timeoutMs: 300 };
  return quiet().run(redisObserve, call);
}

/** The planning activity, on what is seen; its decision is as fresh as can be. */
export async function planFailover(s: Scene, input: object = {}): Promise<Plan<Promotion>> {
  const a = s.activities();
  const suspect: RedisSuspect = await quiet().run(a.redisSuspect, { group: groupName });
  const observations = [await look(s, suspect.primary.name)];
  const call = { kind: 'redis.failover', target: groupName, policy: defaultPolicy };
  const asked = { group: groupName, ...input, suspect, observations, nowMs: Date.now() };
  const plan: Plan<RedisFailoverData> = await quiet().run(a.redisPlanFailover, { ...call, input: asked });
  return { ...plan, data: { ...plan.data, ...(await decidedAgo(s, plan.data)) } };
}

/** A step activity, run as Temporal would. */
export function step<O>(
  activity: (call: { mode: StepMode; input: Promotion; unit: string; platformDigest: string }) => Promise<O>,
  input: Promotion,
  mode: StepMode = 'ensure',
): Promise<O> {
  return quiet().run(activity, { mode, input, unit: 'redis/sessions/run-1/1', platformDigest: digest });
}

/** A decision that was made so long ago, by the candidate's own clock. */
export async function decidedAgo(
  s: Scene,
  { candidate }: Pick<RedisFailoverData, 'candidate'>,
  agoMs = 0,
): Promise<{ decidedAt: number }> {
  const node = await s.node(candidate.name);
  const decidedAt = (await node.time()) - agoMs;
  node.close();
  return { decidedAt };
}

/** The data of a plan for r2, made without a death; decided this very moment, or so long ago. */
export async function dataOf(s: Scene, agoMs = 0): Promise<Promotion> {
  const [dead, candidate, ...siblings] = s.config.nodes.map(({ name, host, port }) => ({ name, host, port }));
  if (!dead || !candidate) throw new Error('a group has nodes');
  return {
    ...{ group: groupName, dead, candidate, siblings, absent: [] },
    writeSafety: s.config.writeSafety,
    lagLimitBytes: s.config.lagLimitBytes,
    minReplicasInForce: 1,
    epoch: 0,
    elsewhere: [],
    leaseMs: 13_000,
    ...(await decidedAgo(s, { candidate }, agoMs)),
  };
}
