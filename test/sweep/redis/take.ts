import { until } from '../../../lab/clock.ts';
import type { Writers } from '../../../lab/load/redis-writers.ts';
import { startWriters } from '../../../lab/load/redis-writers.ts';
import type { RedisNode } from '../../../lab/redis.ts';
import { linkUp } from '../../../lab/redis.ts';
import type { Take } from '../scene.ts';
import type { Given } from './conclude.ts';
import { conclude } from './conclude.ts';
import type { Parts } from './effects.ts';
import type { NodeState } from './node-state.ts';
import { nodeState } from './node-state.ts';
import type { RedisScene } from './scene.ts';

/** Hands over to the next node in turn, with writers on. */
export async function beginTake(scene: RedisScene): Promise<Take> {
  const { rig } = scene;
  const cast = await castOf(scene);
  const writers = writersOn(scene);
  await until(async () => writers.snapshot().acked > 40, 5_000);
  const given: Given = { scene, ...cast, writers };
  return {
    workflowId: `redis/${rig.groupName}`,
    input: { group: rig.groupName, to: cast.inTurn[1]?.name },
    conclude: (runId) => conclude(given, runId),
  };
}

/** Who is `old`, `new` and `sibling` is settled here: the present primary, and the others in turn. */
export async function castOf({ rig, proxies }: RedisScene): Promise<Omit<Given, 'scene' | 'writers'>> {
  const { nodes, password } = rig.group;
  const states = new Map<string, NodeState>();
  for (const node of nodes) states.set(node.name, await nodeState(node, password));
  const at = nodes.findIndex(({ name }) => states.get(name)?.role === 'primary');
  const inTurn: RedisNode[] = [...nodes.slice(at), ...nodes.slice(0, at)];
  for (const replica of inTurn.slice(1)) await linkUp(replica, password);
  const parts: Parts = new Map(inTurn.map(({ name }, index) => [name, ['old', 'new', 'sibling'][index] ?? name]));
  const partAt = new Map(
    [...proxies].map(([name, { host, port }]) => [`${host}:${port}`, parts.get(name) ?? name] as const),
  );
  for (const [name, proxy] of proxies) {
    const follows = states.get(name)?.follows;
    proxy.clear(follows === undefined ? 'primary' : { replicaOf: follows.replace(' ', ':') });
  }
  return { inTurn, parts, partAt, states };
}

export function writersOn({ rig, proxies }: RedisScene): Writers {
  const { password } = rig.group;
  return startWriters({
    discoveryUrl: rig.discoveryUrl,
    group: rig.groupName,
    writers: 4,
    ratePerWriter: 200,
    nodeNames: Object.fromEntries([...proxies].map(([name, { host, port }]) => [`${host}:${port}`, name])),
    ...(password === undefined ? {} : { password }),
  });
}
