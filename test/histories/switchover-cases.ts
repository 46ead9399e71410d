import type { WorkflowHandle } from '@temporalio/client';
import { GantryError } from '../../src/errors/index.ts';
import type { Case } from './play.ts';
import { approved, begin, childOf, onFirst, until, update } from './play.ts';
import type { Stage } from './stage.ts';

/** The histories of `redisSwitchover`, by how the run goes. */
export const switchoverCases: Readonly<Record<string, Case>> = {
  done: async (stage) => approved(await start(stage, { reason: 'to have its history' })),

  'done-failover': async (stage) => approved(await start(stage, { procedure: 'failover' })),

  planned: (stage) => start(stage, { dryRun: true }, 'dry-run/redis.switchover/sessions'),

  'refused-input': (stage) => start(stage, { procedure: 'by magic', to: 7 }),

  'refused-unknown-group': (stage) => start(stage, { group: 'nowhere' }, 'redis/nowhere'),

  proxy: async (stage) => {
    const proxy = await start(stage, {}, 'typed-in-the-ui');
    return approved(proxy, await childOf(stage, proxy));
  },

  /** Aborted while the candidate is prepared: that is taken back. */
  aborted: async (stage) => {
    const handle = await start(stage, {});
    onFirst(stage, 'redis.configSetAsReplica', () => update(handle, 'abort', { reason: 'enough of it' }));
    return approved(handle);
  },

  /** Paused at the canary, and resumed. */
  paused: async (stage) => {
    const handle = await start(stage, {});
    onFirst(stage, 'redis.set', () => update(handle, 'pause', { reason: 'lunch' }));
    await approved(handle);
    await until(handle, 'paused');
    await update(handle, 'resume', {});
    return handle;
  },

  /** The canary can't be written until somebody looks after it. */
  'parked-retried': async (stage) => {
    const handle = await start(stage, {});
    let broken = true;
    stage.before(async (call) => {
      if (broken && call === 'redis.set') throw new GantryError('REDIS_TIMEOUT', 'no answer, on purpose');
    });
    await approved(handle);
    await until(handle, 'parked');
    broken = false;
    await update(handle, 'resolve', { action: 'retry', reason: 'the network is back' });
    return handle;
  },
};

async function start(stage: Stage, input: object, workflowId = `redis/${stage.group}`): Promise<WorkflowHandle> {
  await stage.settled();
  return begin(stage, 'redisSwitchover', { group: stage.group, ...input }, workflowId);
}
