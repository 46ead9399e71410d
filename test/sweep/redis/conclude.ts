import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Writers } from '../../../lab/load/redis-writers.ts';
import type { RedisNode } from '../../../lab/redis/redis.ts';
import type { Findings } from '../scene.ts';
import type { Configuration, Parts } from './effects.ts';
import { effectsOf } from './effects.ts';
import type { NodeState } from './node-state.ts';
import { isPaused, nodeState } from './node-state.ts';
import type { RedisScene } from './parts.ts';

/** A run under way on a scene. */
export type Given = {
  scene: RedisScene;
  /** The old primary, the new one, the sibling. */
  inTurn: readonly RedisNode[];
  parts: Parts;
  partAt: ReadonlyMap<string, string>;
  states: ReadonlyMap<string, NodeState>;
  writers: Writers;
  /** Writers that had stopped before the run: what they wrote must be there too. */
  earlier?: Writers;
};

/** Ends the load and looks at everything; a node that is down has no state but the one in its file. */
export async function conclude(given: Given, runId: string): Promise<Findings> {
  const { scene, inTurn, parts, partAt, states, writers } = given;
  const { rig, proxies } = scene;
  const password = rig.group.password;
  const [, candidate] = inTurn;
  const alive = inTurn.filter((node) => node.isRunning());
  const handovers = writers.twoPrimaries();
  const snapshot = await writers.stop();
  const told = await discovered(`${rig.discoveryUrl}/redis/${rig.groupName}`);
  const after = new Map<string, NodeState>();
  for (const node of alive) after.set(node.name, await nodeState(node, password));
  const ledgers = inTurn.map(({ name }) =>
    effectsOf(proxies.get(name)?.effects() ?? [], parts, partAt, startOf(states.get(name))),
  );
  const at = candidate ?? { host: '127.0.0.1', port: 0 };
  const verdict = await writers.verify(at);
  const before = await given.earlier?.verify(at);
  const epochs = new Set([...after.values()].map(({ epoch }) => epoch));
  const paused: string[] = [];
  for (const node of alive) if (await isPaused(node, password)) paused.push(parts.get(node.name) ?? '?');
  return {
    effects: ledgers.flatMap(({ effects }) => effects),
    empty: ledgers.flatMap(({ empty }) => empty),
    state: {
      nodes: Object.fromEntries([...after].map(([name, state]) => [parts.get(name), inParts(state, partAt)])),
      down: inTurn.filter((node) => !alive.includes(node)).map(({ name }) => parts.get(name)),
      discovery: partAt.get(told.primary),
      epochs: epochs.size === 1 && !epochs.has(null) ? 'the same on all nodes' : [...epochs],
      discoveryEpoch: told.epoch <= Number([...epochs][0]) ? 'not above that of the nodes' : 'above that of the nodes',
      writePauses: paused,
      reports: reportsOf(rig.reportFolder, runId),
    },
    acked: verdict.acked + (before?.acked ?? 0),
    lost: verdict.lost + (before?.lost ?? 0),
    onOldAfterNew: handovers.handovers.reduce((sum, { acksOnOldAfter }) => sum + acksOnOldAfter, 0),
    evidence: {
      parts: Object.fromEntries(parts),
      states: Object.fromEntries(after),
      handovers,
      snapshot,
      lost: [...verdict.examples, ...(before?.examples ?? [])],
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
