import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { controlQueue, domainQueue } from '../../../src/runs/index.ts';
import type { RunReport, RunState, RunStatus, UpdateName, UpdateRequests } from '../../../src/runs/index.ts';
import { afterAll, beforeAll } from 'vitest';
import { buildBundle } from '../../../workers/bundle.ts';
import { asSeen } from '../../support/parked.ts';
import type { TestServer } from '../../support/temporal.ts';
import type { TestInput, World } from './world.ts';
import { createWorld, worldActivities, worldControl } from './world.ts';

let queues = 0;

/** Workers over a world on queues of their own, and the verbs of a test. */
export type Harness = {
  client: Client;
  taskQueue: string;
  start: (input: TestInput, options?: { workflowId?: string; type?: string }) => Promise<WorkflowHandle>;
  update: <U extends UpdateName>(
    handle: WorkflowHandle,
    name: U,
    request: Omit<UpdateRequests[U], 'by' | 'park'> & { by?: string; park?: string },
  ) => Promise<RunStatus>;
  status: (handle: WorkflowHandle) => Promise<RunStatus>;
  until: (handle: WorkflowHandle, state: RunState) => Promise<RunStatus>;
  untilPending: (handle: WorkflowHandle, what: 'pause' | 'abort' | 'preempt') => Promise<void>;
  untilStep: (handle: WorkflowHandle, title: string) => Promise<void>;
  stop: () => Promise<void>;
};

/** One harness for all tests of a file, over a world that each of them makes again. Call it in `describe`. */
export function useHarness(server: () => Pick<TestServer, 'client' | 'native'>, prefix: string) {
  const world = createWorld();
  let started: Harness | undefined;
  let groups = 0;
  beforeAll(async () => void (started = await startHarness(server(), world)));
  afterAll(() => started?.stop());
  return {
    world,
    get harness(): Harness {
      if (started) return started;
      throw new Error('the harness starts before the tests, not before them');
    },
    /** A target that no other test has. */
    group: (): string => `${prefix}${(groups += 1)}`,
    fresh: (change: Partial<World> = {}): void => void Object.assign(world, createWorld(change)),
  };
}

/** Starts workers over `world`. Two harnesses with one `taskQueue` share the work; `parts`: not all of the workers. */
export async function startHarness(
  server: Pick<TestServer, 'client' | 'native'>,
  world: World,
  taskQueue = `test-${process.pid}-${(queues += 1)}`,
  parts: readonly ('orchestration' | 'domain' | `domain in ${string}`)[] = ['orchestration', 'domain'],
): Promise<Harness> {
  const { client, native } = server;
  const codePath = await buildBundle(fileURLToPath(new URL('./fixtures.ts', import.meta.url)));
  const base: Partial<WorkerOptions> = {
    connection: native,
    maxHeartbeatThrottleInterval: 200,
    defaultHeartbeatThrottleInterval: 200,
  };
  const orchestration = (): Promise<Worker>[] => [
    Worker.create({ ...base, taskQueue, workflowBundle: { codePath }, stickyQueueScheduleToStartTimeout: '300ms' }),
    Worker.create({ ...base, taskQueue: controlQueue(taskQueue), activities: worldControl(world, client) }),
  ];
  const domain = (region?: string): Promise<Worker> =>
    Worker.create({ ...base, taskQueue: domainQueue(taskQueue, 'redis', region), activities: worldActivities(world) });
  const regions = parts.flatMap((part) => (part.startsWith('domain in ') ? [part.slice('domain in '.length)] : []));
  const workers = await Promise.all([
    ...(parts.includes('orchestration') ? orchestration() : []),
    ...(parts.includes('domain') ? [domain()] : []),
    ...regions.map((region) => domain(region)),
  ]);
  const runs = workers.map((worker) => worker.run());
  const status = (handle: WorkflowHandle): Promise<RunStatus> => handle.query<RunStatus, []>('status');
  return {
    client,
    taskQueue,
    status,
    start: (input, options = {}) =>
      client.workflow.start(options.type ?? 'redisSwitchover', {
        workflowId: options.workflowId ?? `redis/${input.group}`,
        taskQueue,
        args: [input],
        workflowExecutionTimeout: '60 days',
      }),
    update: async (handle, name, request) =>
      handle.executeUpdate<RunStatus, [unknown]>(name, {
        args: [await asSeen(handle, name, { by: 'ada', ...request })],
      }),
    until: async (handle, state) => {
      for (;;) {
        const now = await status(handle);
        if (now.state === state) return now;
        await pause(15);
      }
    },
    untilPending: async (handle, what) => {
      while (!(await status(handle)).pending.includes(what)) await pause(15);
    },
    untilStep: async (handle, title) => {
      while (!(await status(handle)).steps.some((step) => step.title.startsWith(title))) await pause(15);
    },
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(runs);
    },
  };
}

/** The report in a failed run's failure. */
export function reportOf(error: unknown): RunReport {
  const cause = (error as { cause?: { details?: unknown[] } }).cause;
  return cause?.details?.[1] as RunReport;
}

/** The code of a failed run or a refused update. */
export function codeOf(error: unknown): string | undefined {
  let at = error as { type?: string; cause?: unknown } | undefined;
  for (; at; at = at.cause as typeof at) if (typeof at.type === 'string') return at.type;
  return undefined;
}
