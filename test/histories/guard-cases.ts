import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { redisInfo } from '../../lab/redis/client.ts';
import type { GuardState, GuardStatus, GuardUpdateName } from '../../src/runs/index.ts';
import { bringBack } from '../support/bring-back.ts';
import type { Case } from './play.ts';
import { begin } from './play.ts';
import type { Stage } from './stage.ts';

/** The histories of `redisGuard`: it ends only when it is stopped. */
export const guardCases: Readonly<Record<string, Case>> = {
  /** A few slices, a pause, and its end. */
  stopped: async (stage) => {
    const guard = await guarded(stage, {});
    await until(guard, ({ state, slices }) => state === 'watching' && slices > 2);
    await tell(guard, 'pause', { reason: 'maintenance' });
    await until(guard, ({ state }) => state === 'paused');
    await tell(guard, 'resume', {});
    await until(guard, ({ state }) => state === 'watching');
    return ended(guard);
  },

  /** A dead primary is reported and nothing is done about it. */
  observed: async (stage) => {
    const guard = await guarded(stage, { mode: 'observe' });
    await until(guard, ({ state }) => state === 'watching');
    await killPrimary(stage);
    await reaches(guard, 'alarm');
    return ended(guard);
  },

  /** A dead primary is failed over; somebody approves. */
  'failed-over': async (stage) => {
    const guard = await guarded(stage, { mode: 'ask' });
    await until(guard, ({ state }) => state === 'watching');
    await killPrimary(stage);
    const { failovers } = await until(guard, ({ failovers: started }) => started.length > 0);
    const started = stage.client.workflow.getHandle(failovers[0]?.workflowId ?? '');
    await until(guard, () => approve(stage));
    await started.result();
    await reaches(guard, 'watching');
    return ended(guard);
  },
};

async function guarded(stage: Stage, input: object): Promise<WorkflowHandle> {
  await bringBack(stage.rig);
  await stage.settled();
  return begin(stage, 'redisGuard', { group: stage.group, ...input }, `guard/redis/${stage.group}`);
}

async function killPrimary({ rig }: Stage): Promise<void> {
  const { nodes, password } = rig.group;
  for (const node of nodes) if ((await redisInfo(node, password))['role'] === 'master') await node.kill();
}

/** Approves the failover once it waits for that. */
async function approve({ client, group }: Stage): Promise<boolean> {
  const run = client.workflow.getHandle(`redis/${group}`);
  const status = await run
    .query<{ kind: string; state: string; plan?: { hash: string } }>('status')
    .catch(() => undefined);
  if (status?.kind !== 'redis.failover' || status.state !== 'awaiting-approval') return false;
  await run.executeUpdate('approve', { args: [{ by: 'ada', planHash: status.plan?.hash }] });
  return true;
}

function reaches(guard: WorkflowHandle, wanted: GuardState): Promise<GuardStatus> {
  return until(guard, ({ state }) => state === wanted);
}

async function tell(guard: WorkflowHandle, name: GuardUpdateName, request: object): Promise<void> {
  await guard.executeUpdate<GuardStatus, [unknown]>(name, { args: [{ by: 'ada', ...request }] });
}

async function ended(guard: WorkflowHandle): Promise<WorkflowHandle> {
  await tell(guard, 'stop', { reason: 'the history is long enough' });
  return guard;
}

async function until(
  guard: WorkflowHandle,
  holds: (status: GuardStatus) => boolean | Promise<boolean>,
): Promise<GuardStatus> {
  for (;;) {
    const status = await guard.query<GuardStatus>('status').catch(() => undefined);
    if (status && (await holds(status))) return status;
    await pause(50);
  }
}
