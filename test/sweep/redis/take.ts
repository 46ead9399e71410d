import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../../lab/clock.ts';
import type { Writers } from '../../../lab/load/redis-writers.ts';
import { startWriters } from '../../../lab/load/redis-writers.ts';
import { linkUp } from '../../../lab/redis.ts';
import type { RedisNode } from '../../../lab/redis.ts';
import type { Findings, Take } from '../scene.ts';
import type { Configuration, Parts } from './effects.ts';
import { effectsOf } from './effects.ts';
import type { NodeState } from './node-state.ts';
import { isPaused, nodeState } from './node-state.ts';
import type { RedisScene } from './scene.ts';

/** Hands over to the next node in turn, with writers on: who is `old`, `new` and `sibling` is settled here. */
export async function beginTake(scene: RedisScene): Promise<Take> {
  const { rig } = scene;
  const { nodes, password } = rig.group;
  const states = new Map<string, NodeState>();
  for (const node of nodes) states.set(node.name, await nodeState(node, password));
  const at = nodes.findIndex(({ name }) => states.get(name)?.role === 'primary');
  const inTurn = [...nodes.slice(at), ...nodes.slice(0, at)];
  for (const replica of inTurn.slice(1)) await linkUp(replica, password);
  const given = await open(scene, inTurn, ['old', 'new', 'sibling'], states);
  return {
    workflowId: `redis/${rig.groupName}`,
    input: { group: rig.groupName, to: inTurn[1]?.name },
    conclude: (runId) => conclude(given, runId),
  };
}

/** From here on every command is recorded, and writers write: `inTurn` has the parts that are given, the second is primary afterwards. */
export async function open(
  scene: RedisScene,
  inTurn: readonly RedisNode[],
  names: readonly string[],
  states: ReadonlyMap<string, NodeState>,
): Promise<Given> {
  const { rig, proxies } = scene;
  const { password } = rig.group;
  const parts: Parts = new Map(inTurn.map(({ name }, index) => [name, names[index] ?? name]));
  const partAt = new Map(
    [...proxies].map(([name, { host, port }]) => [`${host}:${port}`, parts.get(name) ?? name] as const),
  );
  for (const [name, proxy] of proxies) {
    const follows = states.get(name)?.follows;
    proxy.clear(follows === undefined ? 'primary' : { replicaOf: follows.replace(' ', ':') });
  }
  const writers = startWriters({
    discoveryUrl: rig.discoveryUrl,
    group: rig.groupName,
    writers: 4,
    ratePerWriter: 200,
    nodeNames: Object.fromEntries([...proxies].map(([name, { host, port }]) => [`${host}:${port}`, name])),
    ...(password === undefined ? {} : { password }),
  });
  await until(async () => writers.snapshot().acked > 40, 5_000);
  return { scene, inTurn, parts, partAt, states, writers };
}

export type Given = {
  scene: RedisScene;
  inTurn: readonly RedisNode[];
  parts: Parts;
  partAt: ReadonlyMap<string, string>;
  states: ReadonlyMap<string, NodeState>;
  writers: Writers;
};

/** Ends the load and looks at everything. */
export async function conclude(given: Given, runId: string): Promise<Findings> {
  const { scene, inTurn, parts, partAt, states, writers } = given;
  const { rig, proxies } = scene;
  const password = rig.group.password;
  const [, candidate] = inTurn;
  const handovers = writers.twoPrimaries();
  const snapshot = await writers.stop();
  const told = await discovered(`${rig.discoveryUrl}/redis/${rig.groupName}`);
  const after = new Map<string, NodeState>();
  for (const node of inTurn) after.set(node.name, await nodeState(node, password));
  const ledgers = inTurn.map(({ name }) =>
    effectsOf(proxies.get(name)?.effects() ?? [], parts, partAt, startOf(states.get(name))),
  );
  const verdict = await writers.verify(candidate ?? { host: '127.0.0.1', port: 0 });
  const epochs = new Set([...after.values()].map(({ epoch }) => epoch));
  const paused: string[] = [];
  for (const node of inTurn) if (await isPaused(node, password)) paused.push(parts.get(node.name) ?? '?');
  return {
    effects: ledgers.flatMap(({ effects }) => effects),
    empty: ledgers.flatMap(({ empty }) => empty),
    state: {
      nodes: Object.fromEntries([...after].map(([name, state]) => [parts.get(name), inParts(state, partAt)])),
      discovery: partAt.get(told.primary),
      epochs: epochs.size === 1 && !epochs.has(null) ? 'the same on all nodes' : [...epochs],
      discoveryEpoch: told.epoch <= Number([...epochs][0]) ? 'not above that of the nodes' : 'above that of the nodes',
      writePauses: paused,
      reports: reportsOf(rig.reportFolder, runId),
    },
    acked: verdict.acked,
    lost: verdict.lost,
    onOldAfterNew: handovers.handovers.reduce((sum, { acksOnOldAfter }) => sum + acksOnOldAfter, 0),
    evidence: {
      parts: Object.fromEntries(parts),
      states: Object.fromEntries(after),
      handovers,
      snapshot,
      lost: verdict.examples,
      discovery: told,
      record: [...proxies.values()].flatMap((proxy) =>
        proxy.record().filter(({ command }) => command[0] !== 'SET' || !command[1]?.startsWith('w:')),
      ),
    },
  };
}

/** Roles, links, settings, the file: what must be the same after every run. */
function inParts(
  { role, follows, linkUp: up, settings, file }: NodeState,
  partAt: ReadonlyMap<string, string>,
): unknown {
  const part = (address: string | undefined): string | undefined =>
    address === undefined ? undefined : (partAt.get(address.replace(' ', ':')) ?? address);
  return {
    role,
    settings,
    inFile: { follows: part(file.replicaof) ?? 'nobody', ...file.settings },
    ...(role === 'replica' ? { follows: part(follows), link: up ? 'up' : 'down' } : {}),
  };
}

function startOf(state: NodeState | undefined): Configuration {
  const side = (replicaof: string | undefined, settings: Record<string, string> | undefined): Map<string, string> =>
    new Map([
      ...Object.entries(settings ?? {}),
      ...(replicaof === undefined ? [] : [['replicaof', replicaof] as const]),
    ]);
  return { memory: side(state?.follows, state?.settings), file: side(state?.file.replicaof, state?.file.settings) };
}

async function discovered(url: string): Promise<{ primary: string; epoch: number }> {
  const answer = (await (await fetch(url)).json()) as { primary: { host: string; port: number }; epoch: number };
  return { primary: `${answer.primary.host}:${answer.primary.port}`, epoch: answer.epoch };
}

/** How many reports of this run were published. */
function reportsOf(folder: string, runId: string): number {
  try {
    return readdirSync(join(folder), { recursive: true }).filter((file) => String(file).endsWith(`-${runId}.json`))
      .length;
  } catch {
    return 0;
  }
}
