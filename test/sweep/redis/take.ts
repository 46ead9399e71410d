import { until } from '../../../lab/clock.ts';
import type { Writers } from '../../../lab/load/redis-writers.ts';
import { startWriters } from '../../../lab/load/redis-writers.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import type { RedisNode } from '../../../lab/redis/redis.ts';
import type { Take } from '../scene.ts';
import type { Given } from './conclude.ts';
import { conclude } from './conclude.ts';
import type { Parts } from './effects.ts';
import type { NodeState } from './node-state.ts';
import { nodeState } from './node-state.ts';
import type { RedisScene } from './parts.ts';

/** Hands over to the next node in turn, with writers on. */
export async function beginTake(scene: RedisScene): Promise<Take> {
  const { rig } = scene;
  const { inTurn, states } = await inTurnOf(scene);
  const given = await open(scene, inTurn, ['old', 'new', 'sibling'], states);
  return {
    workflowId: `redis/${rig.groupName}`,
    input: { group: rig.groupName, to: inTurn[1]?.name },
    conclude: (runId) => conclude(given, runId),
  };
}

/** The present primary, and the others in turn, all of them linked to it. */
export async function inTurnOf({ rig }: RedisScene): Promise<Pick<Given, 'inTurn' | 'states'>> {
  const { nodes, password } = rig.group;
  const states = new Map<string, NodeState>();
  for (const node of nodes) states.set(node.name, await nodeState(node, password));
  const at = nodes.findIndex(({ name }) => states.get(name)?.role === 'primary');
  const inTurn = [...nodes.slice(at), ...nodes.slice(0, at)];
  for (const replica of inTurn.slice(1)) await linkUp(replica, password);
  return { inTurn, states };
}

/** From here on every command is recorded, and writers write: `inTurn` has the parts that are given, the second is primary afterwards. */
export async function open(
  scene: RedisScene,
  inTurn: readonly RedisNode[],
  names: readonly string[],
  states: ReadonlyMap<string, NodeState>,
): Promise<Given> {
  const parts = record(scene, inTurn, names, states);
  const writers = writersOn(scene);
  await until(async () => writers.snapshot().acked > 40, 5_000);
  return { scene, inTurn, ...parts, states, writers };
}

/** The proxies begin their records again. Answers the parts by node and by address. */
export function record(
  { proxies }: RedisScene,
  inTurn: readonly RedisNode[],
  names: readonly string[],
  states: ReadonlyMap<string, NodeState>,
): Pick<Given, 'parts' | 'partAt'> {
  const parts: Parts = new Map(inTurn.map(({ name }, index) => [name, names[index] ?? name]));
  for (const [name, proxy] of proxies) {
    const follows = states.get(name)?.follows;
    proxy.clear(follows === undefined ? 'primary' : { replicaOf: follows.replace(' ', ':') });
  }
  const partAt = new Map(
    [...proxies].map(([name, { host, port }]) => [`${host}:${port}`, parts.get(name) ?? name] as const),
  );
  return { parts, partAt };
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
