import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { pause } from '../../lab/clock.ts';
import { writeClickHousePlatform } from '../../lab/clickhouse/platform.ts';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import type { RunReport, RunState, RunStatus } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { RunningWorkers } from '../../workers/all.ts';
import { startWorkers } from '../../workers/all.ts';
import { callingBefore } from './move-rig.ts';
import type { TestServer } from './temporal.ts';

/** Quick to give up, nobody to ask. */
const profile = { startToClose: '60s', heartbeat: '10s', attempts: 3, firstRetry: '50ms', maxRetry: '200ms' };
export const rebalancePolicies = {
  default: { approval: { people: 0 }, profiles: { quick: profile, slow: profile, watched: profile } },
};

/** What the platform file says of a table that is at rest as soon as nobody writes to it, and of its servers' disks. */
export const restingTable = (table: string): Record<string, unknown> => ({
  ...{ distributed: `${table}_all`, closedAfter: '0s', fence: { kind: 'quiet', for: '0s' } },
  ...{ ignore: '1KiB', tier: 'nvme', tolerance: 0.1 },
});

export type RebalanceRigOptions = {
  server: Pick<TestServer, 'address' | 'client'>;
  cluster: ClickHouseCluster;
  /** What the platform file says of each, by full name. */
  tables: Record<string, Record<string, unknown>>;
  /** Of a node's disk; 100 GB unless given. */
  tierSize?: string;
  policies?: Record<string, unknown>;
  membership?: Record<string, unknown>;
  /** For the platform file and the reports; one of its own unless given, which goes with it. */
  stateDir?: string;
  /** Called before each call of a driver, `clickhouse.detachPartition`; what it throws is what the driver throws. */
  before?: (call: string) => Promise<void>;
};

/** Workers over a cluster of the lab, and the verbs of a test. */
export type RebalanceRig = {
  taskQueue: string;
  platformFile: string;
  reportFolder: string;
  workers: RunningWorkers;
  /** Starts a run of a table; a dry run under an id of its own. */
  start: (table: string, more?: object) => Promise<WorkflowHandle>;
  reaches: (run: WorkflowHandle, state: RunState) => Promise<RunStatus>;
  stop: () => Promise<void>;
};

let rigs = 0;
let dryRuns = 0;

export async function startRebalanceRig(options: RebalanceRigOptions): Promise<RebalanceRig> {
  const {
    server,
    cluster,
    tables,
    tierSize = '100GB',
    policies = rebalancePolicies,
    membership = {},
    before,
  } = options;
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'gantry-rebalance-'));
  const taskQueue = `rebalance-${process.pid}-${(rigs += 1)}`;
  const tiers = { nvme: { medium: 'nvme', temperature: 'hot', size: tierSize } };
  const { path, reportFolder } = writeClickHousePlatform({ stateDir, cluster, tables, tiers, policies, membership });
  const { address, client } = server;
  const workers = await startWorkers(
    {
      connection: { address, namespace: 'default', options: { address } },
      ...{ taskQueue, platform: loadPlatform(path), log: createLog('fatal') },
      ...(before ? { wrapDriver: callingBefore(before) } : {}),
    },
    ['orchestration', 'clickhouse'],
  );
  return {
    ...{ taskQueue, platformFile: path, reportFolder, workers },
    start: (table, more = {}) =>
      client.workflow.start('clickhouseRebalance', {
        workflowId: 'dryRun' in more ? `dry-run/${(dryRuns += 1)}` : `clickhouse/${cluster.name}/${table}`,
        taskQueue,
        args: [{ cluster: cluster.name, table, ...more }],
      }),
    async reaches(run, state) {
      for (;;) {
        const status = await run.query<RunStatus, []>('status');
        if (status.state === state) return status;
        if (['done', 'aborted', 'refused', 'failed', 'cancelled'].includes(status.state))
          throw new Error(`it was to be ${state} and is ${status.state}: ${JSON.stringify(status.problem)}`);
        await pause(30);
      }
    },
    async stop() {
      await workers.stop();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export async function reportOf(run: WorkflowHandle): Promise<RunReport> {
  return (await run.result()) as RunReport;
}
