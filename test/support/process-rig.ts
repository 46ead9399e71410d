import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { until } from '../../lab/clock.ts';
import type { RedisRig, RedisRigOptions } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { startWorkerProcess } from '../../demo/worker-process.ts';
import type { RunReport, RunStatus } from '../../src/runs/index.ts';
import { quickPolicies } from './switchover-rig.ts';
import type { TestServer } from './temporal.ts';
import { resolveNow } from './parked.ts';

/** A rig whose workers are a process of their own, which can be killed and started again. */
export type ProcessRig = RedisRig & {
  taskQueue: string;
  /** SIGKILL, then another process that polls the same queues. */
  restartWorkers(): Promise<void>;
};

/** Starts the rig; its runs are watched for `soak` after they have acted. */
export async function startProcessRig(
  server: TestServer,
  soak: string,
  options: (stateDir: string) => Partial<RedisRigOptions> = () => ({}),
): Promise<ProcessRig> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-restarts-'));
  const policies = { default: { ...quickPolicies.default, soak: { duration: soak, every: '250ms' } } };
  const rig = await startRedisRig({ stateDir, discovery: 'here', policies, ...options(stateDir) });
  const { address } = server;
  const taskQueue = `restarts-${process.pid}-${rig.groupName}`;
  const start = () =>
    startWorkerProcess({
      stateDir,
      connection: { address, namespace: 'default', options: { address } },
      platformFile: rig.platformFile,
      env: rig.env,
      taskQueue,
    });
  let workers = await start();
  return {
    ...rig,
    taskQueue,
    async restartWorkers() {
      await workers.kill();
      workers = await start();
    },
    async stop() {
      await workers.stop();
      await rig.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

/** What a run shows, as soon as workers answer for it: on a busy machine new ones take longer than a query waits. */
export async function statusOf(run: WorkflowHandle, withinMs = 45_000): Promise<RunStatus> {
  const status = await until(() => run.query<RunStatus>('status'), withinMs);
  return status ?? run.query<RunStatus>('status');
}

/** Waits until a run watches what it has done. @throws if it does not come to that */
export async function untilSoaking(run: WorkflowHandle, withinMs = 45_000): Promise<void> {
  let last: RunStatus | undefined;
  const soaking = await until(async () => {
    last = await run.query<RunStatus>('status');
    return last.steps.some(({ title, state }) => title.startsWith('soak') && state === 'running');
  }, withinMs);
  if (!soaking) throw new Error(`the run does not come to its soak: ${JSON.stringify(last)}`);
}

/**
 * The report of a run whose soak is disturbed on purpose: three bad readings in a row park it with SOAK_FAILED, and whoever
 * disturbed it has it look again. Parked for anything else it is no good.
 */
export async function throughTheSoak(run: WorkflowHandle): Promise<RunReport> {
  let ended = false;
  const report = (run.result() as Promise<RunReport>).finally(() => (ended = true));
  report.catch(() => undefined);
  while (!ended) {
    const status = await run.query<RunStatus>('status').catch(() => undefined);
    if (status?.state === 'parked') {
      if (status.parked?.trouble.code !== 'SOAK_FAILED') throw new Error(`parked: ${JSON.stringify(status.parked)}`);
      await resolveNow(run, { action: 'retry', by: 'ada' }).catch(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return report;
}
