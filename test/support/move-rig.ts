import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { patience, pause } from '../../lab/clock.ts';
import type { LabClickHousePlatform } from '../../lab/clickhouse/platform.ts';
import { writeClickHousePlatform } from '../../lab/clickhouse/platform.ts';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import type { RunReport, RunState, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { RunningWorkers } from '../../workers/all.ts';
import { startWorkers } from '../../workers/all.ts';
import { buildBundle } from '../../workers/bundle.ts';
import type { WorkerContext } from '../../workers/context.ts';
import type { TestServer } from './temporal.ts';
import { asSeen } from './parked.ts';

/** Quick to give up, nobody to ask. */
const profile = { startToClose: '120s', heartbeat: '15s', attempts: 4, firstRetry: '50ms', maxRetry: '200ms' };
export const movePolicies = {
  default: { approval: { people: 0 }, profiles: { quick: profile, slow: profile, watched: profile } },
};

/** Workers over a cluster of the lab, and the verbs of a test. */
export type MoveRig = {
  taskQueue: string;
  table: string;
  reportFolder: string;
  workers: RunningWorkers;
  /** Starts a move as the holder of the table does. Answers the move. */
  move: (partition: string, from: number, to: number, more?: object) => Promise<WorkflowHandle>;
  /** Starts the way back of a move; once the lock is free. */
  undo: (partition: string, more?: object) => Promise<WorkflowHandle>;
  /** Any run of the clickhouse domain. */
  start: (workflowType: string, workflowId: string, input: object) => Promise<WorkflowHandle>;
  reaches: (run: WorkflowHandle, state: RunState) => Promise<RunStatus>;
  tell: (run: WorkflowHandle, update: UpdateName, request: object) => Promise<void>;
  stop: () => Promise<void>;
};

export type MoveRigOptions = {
  server: Pick<TestServer, 'address' | 'client'>;
  cluster: ClickHouseCluster;
  /** What the platform file calls it; what its servers list it as unless given. */
  called?: string;
  /** `db.events`. */
  table: string;
  /** What the platform file says of it besides. */
  settings?: Record<string, unknown>;
  policies?: Record<string, unknown>;
  /** Of each node, where the free space matters. */
  tiers?: LabClickHousePlatform['tiers'];
  /** For the platform file and the reports; one of its own unless given, which goes with it. */
  stateDir?: string;
  /** Called before each call of a driver, `clickhouse.detachPartition`; what it throws is what the driver throws. */
  before?: (call: string) => Promise<void>;
};

/** The holder of a table ends with its move. */
const holderEndsMs = 3_000 * patience;
let rigs = 0;

/** Workers in this process, whose driver calls can be got between. */
export async function startMoveRig(options: MoveRigOptions): Promise<MoveRig> {
  const { server, cluster, called = cluster.name, table, settings = {}, before } = options;
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'gantry-move-'));
  const taskQueue = `move-${process.pid}-${(rigs += 1)}`;
  const { path, reportFolder } = writeClickHousePlatform({
    ...{ stateDir, cluster, called, policies: options.policies ?? movePolicies },
    ...(options.tiers ? { tiers: options.tiers } : {}),
    tables: { [table]: { closedAfter: '0s', fence: { kind: 'quiet', for: '0s' }, ...settings } },
  });
  const codePath = await buildBundle(fileURLToPath(new URL('./under-table.ts', import.meta.url)));
  const { address, client } = server;
  const workers = await startWorkers(
    {
      connection: { address, namespace: 'default', options: { address } },
      ...{ taskQueue, platform: loadPlatform(path), log: createLog('fatal') },
      options: (own) => (own.workflowBundle ? { workflowBundle: { codePath } } : {}),
      ...(before ? { wrapDriver: callingBefore(before) } : {}),
    },
    ['orchestration', 'clickhouse'],
  );
  const lock = `clickhouse/${called}/${table}`;
  let held: Promise<unknown> = Promise.resolve();
  let holder: WorkflowHandle | undefined;
  const start = (workflowType: string, workflowId: string, input: object): Promise<WorkflowHandle> =>
    client.workflow.start(workflowType, {
      ...{ workflowId, taskQueue, workflowIdReusePolicy: 'ALLOW_DUPLICATE' },
      args: [{ cluster: called, table, ...input }],
    });
  return {
    ...{ taskQueue, table, reportFolder, workers, start },
    async move(partition, from, to, more = {}) {
      // The lock is free a moment after its run has said how it ended.
      await held;
      const parent = await start('underTable', lock, { partition, from, to, ...more });
      // Whoever waits for the move hears how it ended.
      holder = parent;
      held = parent.result().catch(() => undefined);
      for (;;) {
        const { raw, status } = await parent.describe();
        const [child] = raw.pendingChildren ?? [];
        if (child?.workflowId && child.runId) return client.workflow.getHandle(child.workflowId, child.runId);
        // One that is refused has ended before anybody looks.
        if (status.name !== 'RUNNING') return client.workflow.getHandle(`${lock}/${partition}`);
        await pause(20);
      }
    },
    async undo(partition, more = {}) {
      await held;
      return start('clickhouseUndoMove', lock, { partition, ...more });
    },
    async reaches(run, state) {
      for (;;) {
        const status = await run.query<RunStatus, []>('status').catch(() => undefined);
        if (status?.state === state) return status;
        const ended = status && ['done', 'aborted', 'refused', 'failed', 'cancelled'].includes(status.state);
        if (ended) throw new Error(`it was to be ${state} and is ${status.state}: ${JSON.stringify(status.problem)}`);
        await pause(30);
      }
    },
    tell: async (run, update, request) =>
      void (await run.executeUpdate<RunStatus, [unknown]>(update, {
        args: [await asSeen(run, update, { by: 'ada', ...request })],
      })),
    async stop() {
      // A question that is asked again when the connection is closed ends the test's process.
      const open = await Promise.race([held.then(() => false), pause(holderEndsMs).then(() => true)]);
      if (open) await holder?.terminate('the test is over').catch(() => undefined);
      await held;
      await workers.stop();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** Wraps drivers so that `before` is called ahead of each of their verbs. */
export function callingBefore(before: (call: string) => Promise<void>): WorkerContext['wrapDriver'] {
  return (name, driver) =>
    new Proxy(driver, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function' || typeof key !== 'string' || key === 'close') return value;
        return async (...args: unknown[]): Promise<unknown> => {
          await before(`${name}.${key}`);
          return value.apply(target, args) as unknown;
        };
      },
    });
}

/** So long a run may be parked before its test is over: somebody may be about to resolve it. */
const parkedForMs = 10_000 * patience;

/** The report of a run that comes to its end. @throws with its trouble, if it is parked instead and stays so */
export async function reportOfRun(run: WorkflowHandle): Promise<RunReport> {
  const over = new AbortController();
  const stuck = async (): Promise<never> => {
    let since: number | undefined;
    while (!over.signal.aborted) {
      const { state, parked } = (await run.query<RunStatus, []>('status').catch(() => undefined)) ?? {};
      since = state === 'parked' ? (since ?? Date.now()) : undefined;
      if (since !== undefined && Date.now() - since > parkedForMs) {
        throw new Error(`it was to end and is parked: ${JSON.stringify(parked?.trouble)}`);
      }
      await pause(1_000);
    }
    return new Promise(() => undefined);
  };
  const result = run.result() as Promise<RunReport>;
  // Where it is parked the connection is closed under it.
  result.catch(() => undefined);
  return Promise.race([result, stuck()]).finally(() => over.abort());
}
