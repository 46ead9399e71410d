import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { monotonicMs } from '../../lab/clock.ts';
import { startProcess } from '../../lab/process.ts';
import { runsWorker } from '../../lab/run-typescript.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { atEnd } from '../cleanup.ts';
import { benchTemporal } from '../temporal.ts';
import type { EngineInput } from './world.ts';

export type EngineRun = WorkflowHandle<() => Promise<RunReport>>;

/** A server of the bench's own and what is done with it. */
export type EngineStage = {
  client: Client;
  /** PID of the server. */
  serverPid: number;
  serverVersion: string;
  /** Starts a run on the queues of a worker. */
  startRun: (taskQueue: string, input: Pick<EngineInput, 'steps' | 'people'>) => Promise<EngineRun>;
  /** A workflow of that many activities that do nothing, without Gantry's run and step around them. */
  startBare: (taskQueue: string, activities: number) => Promise<WorkflowHandle>;
  /** Starts a worker process on queues of its own; resolves with its first finished run. */
  startWorker: () => Promise<EngineWorker>;
};

export type EngineWorker = {
  taskQueue: string;
  pid: number;
  /** From the spawn to the first finished run. */
  startMs: number;
  stop: () => Promise<void>;
};

const workerMain = fileURLToPath(new URL('./worker.ts', import.meta.url));
const workflows = fileURLToPath(new URL('./workflows.ts', import.meta.url));

/** @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED */
export async function openStage(): Promise<EngineStage> {
  const { stateDir, temporal, client, serverVersion, codePath } = await benchTemporal(workflows);
  const { address } = temporal;
  let runs = 0;
  let started = 0;

  const startRun: EngineStage['startRun'] = (taskQueue, input) => {
    const group = `bench-${(runs += 1)}`;
    const args: [EngineInput] = [{ ...input, group, requestedBy: 'bench' }];
    return client.workflow.start<(input: EngineInput) => Promise<RunReport>>('engineRun', {
      ...{ workflowId: `redis/${group}`, taskQueue, args },
    });
  };
  const startBare: EngineStage['startBare'] = (taskQueue, activities) =>
    client.workflow.start('bareRun', { workflowId: `bare/${(runs += 1)}`, taskQueue, args: [activities] });
  const startWorker = async (): Promise<EngineWorker> => {
    const name = `worker-${(started += 1)}`;
    // It waits for the worker, so that the first poll finds work.
    const first = await startRun(name, { steps: 0, people: 0 });
    const spawnedAt = monotonicMs();
    const finished = first.result().then(() => monotonicMs() - spawnedAt);
    finished.catch(() => undefined);
    const worker = await startProcess({
      ...{ stateDir, name, part: 'workers', command: process.execPath },
      args: [...runsWorker, workerMain, address, name, codePath],
      readyWithinMs: 60_000,
      // Raced, so that a worker that ends or hangs is noticed.
      ready: () => Promise.race([finished, new Promise<false>((resolve) => setTimeout(resolve, 500, false))]),
    });
    atEnd(() => worker.stop());
    return { taskQueue: name, pid: worker.pid, startMs: await finished, stop: () => worker.stop(20_000) };
  };
  return { client, serverPid: temporal.pid, serverVersion, startRun, startBare, startWorker };
}
