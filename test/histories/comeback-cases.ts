import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { redisInfo, withRedis } from '../../lab/redis/client.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import { bringBack } from '../support/bring-back.ts';
import type { Case } from './play.ts';
import { approved, begin, childOf, until, update } from './play.ts';
import type { Stage } from './stage.ts';

const keeper = fileURLToPath(new URL('../../deploy/redis/keep-data.sh', import.meta.url));

/** Keeps a node's data beside the lab's folders. */
export function keepHook(stateDir: string): Record<string, unknown> {
  const words = ['{unit}', join(stateDir, 'redis', '{group}-{node}'), join(stateDir, 'kept')];
  const [run, confirm] = ['run', 'confirm'].map((mode) => [keeper, mode, ...words]);
  return { kind: 'command', name: 'keep-data', within: '30s', run, confirm };
}

/** The histories of `redisRejoin`: an old primary that a failover replaced. */
export const rejoinCases: Readonly<Record<string, Case>> = {
  done: async (stage) => {
    const node = await replaced(stage);
    await node.restart();
    return approved(await rejoin(stage, node, {}));
  },

  planned: async (stage) => {
    const node = await replaced(stage);
    return rejoin(stage, node, { dryRun: true }, 'dry-run/redis.rejoin/sessions');
  },

  proxy: async (stage) => {
    const node = await replaced(stage);
    await node.restart();
    const proxy = await rejoin(stage, node, {}, 'typed-in-the-ui');
    return approved(proxy, await childOf(stage, proxy));
  },

  aborted: async (stage) => {
    const node = await replaced(stage);
    const handle = await rejoin(stage, node, {});
    await until(handle, 'awaiting-approval');
    await update(handle, 'abort', { reason: 'not today' });
    return handle;
  },

  /** Nothing starts it; somebody does. */
  'parked-retried': async (stage) => {
    const node = await replaced(stage);
    const handle = await approved(await rejoin(stage, node, {}));
    await until(handle, 'parked');
    await node.restart();
    await update(handle, 'resolve', { action: 'retry', reason: 'it has been started' });
    return handle;
  },
};

/** The histories of `redisRestoreRedundancy`. */
export const redundancyCases: Readonly<Record<string, Case>> = {
  idle: async (stage) => {
    await ready(stage);
    return restore(stage, {});
  },

  done: async (stage) => {
    await ready(stage);
    await astray(stage);
    return approved(await restore(stage, {}));
  },

  planned: async (stage) => {
    await ready(stage);
    await astray(stage);
    return restore(stage, { dryRun: true }, 'dry-run/redis.restore-redundancy/sessions');
  },
};

/** Kills the primary, and has Gantry replace it. Answers it, dead. */
async function replaced(stage: Stage): Promise<RedisNode> {
  await ready(stage);
  const node = await nodeThatIs(stage, 'master');
  await node.kill();
  const input = { group: stage.group, acknowledgeRecentFailover: true };
  await (await approved(await begin(stage, 'redisFailover', input, `redis/${stage.group}`))).result();
  return node;
}

/** One replica follows another one. */
async function astray(stage: Stage): Promise<void> {
  const { nodes, password } = stage.rig.group;
  const [first, second] = await Promise.all(
    nodes.map(async (node) => ((await redisInfo(node, password))['role'] === 'slave' ? node : undefined)),
  ).then((found) => found.filter((node) => node !== undefined));
  if (!first || !second) throw new Error('a group of three');
  await withRedis(first, password, (client) => client.replicaof(second.host, second.port));
}

async function nodeThatIs(stage: Stage, role: string): Promise<RedisNode> {
  const { nodes, password } = stage.rig.group;
  for (const node of nodes) if ((await redisInfo(node, password))['role'] === role) return node;
  throw new Error(`no node is ${role}`);
}

async function ready(stage: Stage): Promise<void> {
  await bringBack(stage.rig);
  await stage.settled();
}

function rejoin(
  stage: Stage,
  node: RedisNode,
  input: object,
  workflowId = `redis/${stage.group}`,
): Promise<WorkflowHandle> {
  return begin(stage, 'redisRejoin', { group: stage.group, node: node.name, ...input }, workflowId);
}

function restore(stage: Stage, input: object, workflowId = `redis/${stage.group}`): Promise<WorkflowHandle> {
  return begin(stage, 'redisRestoreRedundancy', { group: stage.group, ...input }, workflowId);
}
