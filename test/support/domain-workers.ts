import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { Domain, RunState, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import { worldControl } from '../workflows/run/world.ts';
import type { World } from '../workflows/run/world.ts';
import { asSeen } from './parked.ts';
import type { TestServer } from './temporal.ts';

/** The workers, and what a test does with their runs. */
export type DomainWorkers = {
  client: Client;
  taskQueue: string;
  status: (handle: WorkflowHandle) => Promise<RunStatus>;
  update: (handle: WorkflowHandle, name: UpdateName, request?: Record<string, unknown>) => Promise<RunStatus>;
  /** Waits until the run is in that state. @throws where it ends with a problem */
  until: (handle: WorkflowHandle, state: RunState) => Promise<RunStatus>;
  stop: () => Promise<void>;
};

let queues = 0;

/**
 * Workers of the real workflows, and of one domain's activities by their names. `served` is asked again with each call, so that a test
 * may put another world in the place of the one before.
 */
export async function startDomainWorkers(
  { client, native }: Pick<TestServer, 'client' | 'native'>,
  world: World,
  domain: Domain,
  names: readonly string[],
  served: () => object,
): Promise<DomainWorkers> {
  const taskQueue = `${domain}-${process.pid}-${(queues += 1)}`;
  const activities = Object.fromEntries(
    names.map((name) => [
      name,
      // By its name: what each of them takes is of no use here.
      (call: unknown) => (served() as Record<string, (given: unknown) => unknown>)[name]?.(call),
    ]),
  );
  const codePath = await buildBundle();
  const base = { connection: native, maxHeartbeatThrottleInterval: 200, defaultHeartbeatThrottleInterval: 200 };
  const workers = await Promise.all([
    Worker.create({ ...base, taskQueue, workflowBundle: { codePath } }),
    Worker.create({ ...base, taskQueue: controlQueue(taskQueue), activities: worldControl(world, client) }),
    Worker.create({ ...base, taskQueue: domainQueue(taskQueue, domain), activities }),
  ]);
  const runs = workers.map((worker) => worker.run());
  const status = (handle: WorkflowHandle): Promise<RunStatus> => handle.query<RunStatus, []>('status');
  return {
    client,
    taskQueue,
    status,
    update: async (handle, name, request = {}) =>
      handle.executeUpdate<RunStatus, [unknown]>(name, {
        args: [await asSeen(handle, name, { by: 'ada', ...request })],
      }),
    until: async (handle, state) => {
      for (;;) {
        const now = await status(handle);
        if (now.state === state) return now;
        if (now.problem) throw new Error(`${now.state}: ${now.problem.code}: ${now.problem.message}`);
        await pause(20);
      }
    },
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}
