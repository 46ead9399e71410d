import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningTemporal } from '../lab/temporal/temporal.ts';
import { startTemporal } from '../lab/temporal/temporal.ts';
import { defaultTaskQueue } from '../src/runs/index.ts';
import type { ConnectionSettings } from '../src/settings/index.ts';
import type { WorkerProcessOptions } from './worker-process.ts';
import { startWorkerProcess } from './worker-process.ts';

/** What every demo stands on: a folder that goes away, a Temporal server with its UI, and later the workers. */
export type Stage = {
  stateDir: string;
  temporal: RunningTemporal & { uiUrl: string };
  connection: ConnectionSettings;
  taskQueue: string;
  /** Of the workers that were started, in their order. */
  readonly platformFiles: readonly string[];
  /** Starts the workers in a process of their own, as in production, and waits until they poll. */
  startWorkers: (
    platformFile: string,
    env: Record<string, string>,
    domain?: WorkerProcessOptions['domain'],
    roles?: readonly string[],
  ) => Promise<void>;
  /** Stopped in reverse when the stage closes, however the demo ends. */
  onClose: (stop: () => Promise<void>) => void;
  close: () => Promise<void>;
};

const taskQueue = defaultTaskQueue;

export async function openStage(): Promise<Stage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-demo-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(stateDir, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop();
  };
  try {
    const temporal = await startTemporal({ stateDir, ui: true, dbFile: join(stateDir, 'temporal.db') });
    stops.push(() => temporal.stop());
    const { address, namespace, uiUrl = '' } = temporal;
    const connection = { address, namespace, options: { address } };
    const platformFiles: string[] = [];
    return {
      stateDir,
      platformFiles,
      temporal: { ...temporal, uiUrl },
      connection,
      taskQueue,
      onClose: (stop) => void stops.push(stop),
      close,
      startWorkers: async (platformFile, env, domain = 'redis', roles = []) => {
        const workers = await startWorkerProcess({ stateDir, connection, platformFile, env, taskQueue, domain, roles });
        stops.push(() => workers.stop());
        platformFiles.push(platformFile);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
