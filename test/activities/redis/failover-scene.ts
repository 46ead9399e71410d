import { join } from 'node:path';
import type { Promotion } from '../../../activities/redis/promote.ts';
import { createVantageActivities } from '../../../activities/redis/sight.ts';
import { redisGroupAccess } from '../../../activities/redis/index.ts';
import { labProcessFence } from '../../../lab/fence.ts';
import { failoverDefaults } from '../../../src/platform/index.ts';
import type { RedisFailover, RedisFence } from '../../../src/platform/index.ts';
import type { RedisFailoverData } from '../../../src/planning/redis/index.ts';
import type { Plan, RedisSight, RedisSightCall, RedisSuspect, StepMode } from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';
import type { Scene, SceneOptions } from './scene.ts';
import { groupName, password, quiet, scene } from './scene.ts';

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
export async function look(s: Scene, node = 'r1'): Promise<RedisSight> {
  const access = redisGroupAccess(groupName, s.config, () => password);
  const { redisSight } = createVantageActivities({ groups: () => access, vantage: 'main', domain: 'here' });
  const call: RedisSightCall = { group: groupName, node, probes: 2, everyMs: 100, timeoutMs: 300 };
  return quiet().run(redisSight, call);
}

/** The planning activity, on what is seen. */
export async function planFailover(s: Scene, input: object = {}): Promise<Plan<RedisFailoverData>> {
  const a = s.activities();
  const suspect: RedisSuspect = await quiet().run(a.redisSuspect, { group: groupName });
  const sights = [await look(s, suspect.primary.name)];
  const call = { kind: 'redis.failover', target: groupName, policy: defaultPolicy, platformDigest: digest };
  return quiet().run(a.redisPlanFailover, { ...call, input: { group: groupName, ...input, suspect, sights } });
}

/** A step activity, run as Temporal would. */
export function step<O>(
  activity: (call: { mode: StepMode; input: Promotion; unit: string; platformDigest: string }) => Promise<O>,
  input: Promotion,
  mode: StepMode = 'ensure',
): Promise<O> {
  return quiet().run(activity, { mode, input, unit: 'redis/sessions/run-1/1', platformDigest: digest });
}

/** The data of a plan for r2, made without a death. */
export async function dataOf(s: Scene): Promise<RedisFailoverData> {
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
  };
}
