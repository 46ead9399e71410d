import type { WorkflowHandle } from '@temporalio/client';
import { primaryReading } from '../../lab/redis/primary-reading.ts';
import { redisInfo } from '../../lab/redis/client.ts';
import type { RedisNode } from '../../lab/redis/redis.ts';
import { GantryError } from '../../src/errors/index.ts';
import { bringBack } from '../support/bring-back.ts';
import type { Case } from './play.ts';
import { approved, begin, childOf, until, update } from './play.ts';
import type { Stage } from './stage.ts';

/** The histories of `redisFailover`, by how the run goes. The stage's only fence that proves anything ends the process. */
export const failoverCases: Readonly<Record<string, Case>> = {
  done: async (stage) => approved(await afterKill(stage, {})),

  planned: (stage) => afterKill(stage, { dryRun: true }, 'dry-run/redis.failover/sessions'),

  'refused-alive': async (stage) => {
    await ready(stage);
    return start(stage, {});
  },

  /** As it is always started: under an id of its own. */
  proxy: async (stage) => {
    const proxy = await afterKill(stage, {}, `failover/${stage.group}/1`);
    return approved(proxy, await childOf(stage, proxy));
  },

  /** Aborted instead of approved. */
  aborted: async (stage) => {
    const handle = await afterKill(stage, {});
    const waiting = await until(handle, 'awaiting-approval');
    await update(handle, 'abort', { reason: `not with plan ${waiting.plan?.hash}` });
    return handle;
  },

  /** The discovery can't be told until somebody looks after it. */
  'parked-retried': async (stage) => {
    const handle = await afterKill(stage, {});
    let broken = true;
    stage.before(async (call) => {
      if (broken && call === 'discovery.redirect') throw new GantryError('DISCOVERY_UNREACHABLE', 'down, on purpose');
    });
    await approved(handle);
    await until(handle, 'parked');
    broken = false;
    await update(handle, 'resolve', { action: 'retry', reason: 'the discovery is back' });
    return handle;
  },
};

/** With no fence that proves anything: the lease is waited for. */
export const leaseCases: Readonly<Record<string, Case>> = {
  lease: async (stage) => {
    await ready(stage);
    const primary = await primaryOf(stage);
    const lastReading = await primaryReading(stage.rig, primary.name);
    await primary.kill();
    return approved(await start(stage, { lastReading }));
  },
};

async function afterKill(stage: Stage, input: object, workflowId?: string): Promise<WorkflowHandle> {
  await ready(stage);
  await (await primaryOf(stage)).kill();
  return start(stage, input, workflowId);
}

async function primaryOf(stage: Stage): Promise<RedisNode> {
  const { nodes, password } = stage.rig.group;
  for (const node of nodes) if ((await redisInfo(node, password))['role'] === 'master') return node;
  throw new Error('no node is primary');
}

async function ready(stage: Stage): Promise<void> {
  await bringBack(stage.rig);
  await stage.settled();
}

function start(stage: Stage, input: object, workflowId = `redis/${stage.group}`): Promise<WorkflowHandle> {
  return begin(
    stage,
    'redisFailover',
    { group: stage.group, acknowledgeRecentFailover: true, ...input },
    workflowId,
  );
}
