import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { GantryError } from '../../src/errors/index.ts';
import type { RunState, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { isClosed } from '../../src/runs/index.ts';
import type { Stage } from './stage.ts';

/** Makes one run that ends in a certain way, and answers it. */
export type Case = (stage: Stage) => Promise<WorkflowHandle>;

/** The histories of `redisSwitchover`, by how the run goes. */
export const redisSwitchoverCases: Readonly<Record<string, Case>> = {
  done: async (stage) => approved(await start(stage, { reason: 'to have its history' })),

  'done-failover': async (stage) => approved(await start(stage, { procedure: 'failover' })),

  planned: (stage) => start(stage, { dryRun: true }, 'dry-run/redis.switchover/sessions'),

  'refused-input': (stage) => start(stage, { procedure: 'by magic', to: 7 }),

  'refused-unknown-group': (stage) => start(stage, { group: 'nowhere' }, 'redis/nowhere'),

  front: async (stage) => {
    const front = await start(stage, {}, 'typed-in-the-ui');
    return approved(front, await childOf(stage, front));
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
  stage.before(async () => undefined);
  await stage.settled();
  return stage.client.workflow.start('redisSwitchover', {
    workflowId,
    taskQueue: stage.taskQueue,
    args: [{ group: stage.group, requestedBy: 'ada', ...input }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

/** Approves the plan of `run` through `handle`, which may be its front. */
async function approved(handle: WorkflowHandle, run = handle): Promise<WorkflowHandle> {
  const status = await until(run, 'awaiting-approval');
  await update(handle, 'approve', { planHash: status.plan?.hash, note: 'for the record' });
  return handle;
}

/** The run behind a front: its id alone may still be that of the run before. */
async function childOf({ client }: Stage, front: WorkflowHandle): Promise<WorkflowHandle> {
  for (;;) {
    const { raw } = await front.describe();
    const [child] = raw.pendingChildren ?? [];
    if (child?.workflowId && child.runId) return client.workflow.getHandle(child.workflowId, child.runId);
    await pause(20);
  }
}

async function update(handle: WorkflowHandle, name: UpdateName, request: object): Promise<void> {
  await handle.executeUpdate<RunStatus, [unknown]>(name, { args: [{ by: 'ada', ...request }] });
}

async function until(handle: WorkflowHandle, state: RunState): Promise<RunStatus> {
  for (;;) {
    const status = await handle.query<RunStatus>('status').catch(() => undefined);
    if (status?.state === state) return status;
    if (status && isClosed(status.state)) throw new Error(`it was to be ${state} and ended as ${status.state}`);
    await pause(20);
  }
}

/** Does `act` before the first such call of a driver, which waits for it. */
function onFirst(stage: Stage, wanted: string, act: () => Promise<void>): void {
  let done = false;
  stage.before(async (call) => {
    if (done || call !== wanted) return;
    done = true;
    await act();
  });
}
