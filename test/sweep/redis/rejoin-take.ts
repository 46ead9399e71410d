import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/redis.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import type { Findings, Take } from '../scene.ts';
import type { NodeState } from './node-state.ts';
import { nodeState } from './node-state.ts';
import type { RedisRuns } from './scene.ts';
import type { RedisScene } from './parts.ts';
import type { Given } from './conclude.ts';
import { conclude } from './conclude.ts';
import { open } from './take.ts';

const keeper = fileURLToPath(new URL('../../../deploy/redis/keep-data.sh', import.meta.url));
/** A write that only the old primary has. */
const strayKey = 'stray';

/** Old primaries that come back, one after the other, each kept by a hook of its own name. */
export const rejoins: RedisRuns = {
  workflowType: 'redisRejoin',
  begin: beginRejoin,
  settings: (stateDir, group) => {
    const words = ['{unit}', join(stateDir, 'redis', `${group}-{node}`), join(stateDir, 'kept')];
    const [run, confirm] = ['run', 'confirm'].map((mode) => [keeper, mode, ...words]);
    return { rejoin: { keep: { kind: 'command', name: 'keep-data', within: '30s', run, confirm } } };
  },
};

/** Kills the present primary, replaces it as a failover does, lets it come back as what it was, with a write of its own. */
async function beginRejoin(scene: RedisScene): Promise<Take> {
  const { rig } = scene;
  const { nodes, password, name: group } = rig.group;
  const inTurn = await replaced(scene);
  const states = new Map<string, NodeState>();
  for (const node of nodes) states.set(node.name, await nodeState(node, password));
  const given = await open(scene, inTurn, ['returned', 'primary', 'sibling'], states);
  return {
    workflowId: `redis/${group}`,
    input: { group, node: inTurn[0]?.name },
    conclude: async (runId) => withRejoin(given, runId, await conclude(given, runId)),
  };
}

async function replaced({ rig, proxies }: RedisScene): Promise<readonly RedisNode[]> {
  const { nodes, password } = rig.group;
  const roles = await Promise.all(nodes.map((node) => nodeState(node, password)));
  const at = roles.findIndex(({ role }) => role === 'primary');
  const inTurn = [...nodes.slice(at), ...nodes.slice(0, at)];
  const [old, next, sibling] = inTurn;
  const proxy = next && proxies.get(next.name);
  if (!old || !next || !sibling || !proxy) throw new Error('a group of three behind proxies');
  for (const replica of [next, sibling]) await linkUp(replica, password);
  await old.kill();
  const url = `${rig.discoveryUrl}/redis/${rig.groupName}`;
  const told = (await (await fetch(url)).json()) as { epoch: number };
  const epoch = Math.max(told.epoch, ...roles.map((state) => Number(state.epoch))) + 1;
  await withRedis(next, password, async (redis) => {
    await redis.replicaof('NO', 'ONE');
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.config('REWRITE');
    await redis.set('gantry:epoch', String(epoch));
    await redis.set('gantry:min-replicas-to-write', '0');
  });
  const primary = { host: proxy.host, port: proxy.port };
  await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ primary, epoch }),
  });
  await withRedis(sibling, password, async (redis) => {
    await redis.replicaof(primary.host, primary.port);
    await redis.config('REWRITE');
  });
  await linkUp(sibling, password);
  await old.restart();
  await withRedis(old, password, async (redis) => {
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.set(strayKey, String(epoch));
    await redis.config('SET', 'min-replicas-to-write', '1');
  });
  return inTurn;
}

/** What a rejoin promises besides: one copy of the data, no write taken by the old primary, nothing left of its own. */
async function withRejoin(
  { scene: { rig }, inTurn: [old, next], writers }: Given,
  runId: string,
  findings: Findings,
): Promise<Findings> {
  const { password } = rig.group;
  if (!old || !next) throw new Error('a group of three');
  const folder = join(old.dir, '..', '..', 'kept');
  const copies = existsSync(folder) ? readdirSync(folder) : [];
  const record = await withRedis(next, password, (redis) => redis.get('gantry:min-replicas-to-write'));
  const stray = await withRedis(old, password, (redis) => redis.get(strayKey));
  return {
    ...findings,
    state: {
      ...findings.state,
      copies: copies.filter((name) => name.startsWith('gantry-') && name.includes(runId) && !name.endsWith('.log'))
        .length,
      unfinishedCopies: copies.filter((name) => name.includes(runId) && name.endsWith('.part')).length,
      recordedMinReplicas: record,
      strayWrites: stray === null ? 0 : 1,
      takenByReturned: writers.snapshot().byNode[old.name] ?? 0,
    },
  };
}
