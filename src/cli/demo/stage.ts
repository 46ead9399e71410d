import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabProcess } from '../../../lab/process.ts';
import { startProcess } from '../../../lab/process.ts';
import { runsTypeScript } from '../../../lab/run-typescript.ts';
import type { RunningTemporal } from '../../../lab/temporal.ts';
import { startTemporal } from '../../../lab/temporal.ts';
import { livePollers, withClient } from '../../client/index.ts';
import { controlQueue, domainQueue } from '../../runs/index.ts';
import type { ConnectionSettings } from '../../settings/index.ts';

/** What every demo stands on: a folder that goes away, a Temporal server with its UI, and later the workers. */
export type Stage = {
  stateDir: string;
  temporal: RunningTemporal & { uiUrl: string };
  connection: ConnectionSettings;
  taskQueue: string;
  /** Starts the workers in a process of their own, as in production, and waits until they poll. */
  startWorkers: (platformFile: string, env: Record<string, string>) => Promise<LabProcess>;
  /** Stopped in reverse when the stage closes, however the demo ends. */
  onClose: (stop: () => Promise<void>) => void;
  close: () => Promise<void>;
};

const taskQueue = 'gantry';

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
    return {
      stateDir,
      temporal: { ...temporal, uiUrl },
      connection,
      taskQueue,
      onClose: (stop) => void stops.push(stop),
      close,
      startWorkers: async (platformFile, env) => {
        const workers = await startProcess({
          stateDir,
          name: 'workers',
          part: 'workers',
          command: process.execPath,
          args: [...runsTypeScript, fileURLToPath(new URL('../../../workers/main.ts', import.meta.url))],
          env: {
            ...process.env,
            ...env,
            TEMPORAL_ADDRESS: address,
            GANTRY_PLATFORM: platformFile,
            GANTRY_TASK_QUEUE: taskQueue,
            GANTRY_LOG: 'warn',
          },
          readyWithinMs: 30_000,
          ready: () => withClient(connection, polling),
        });
        stops.push(() => workers.stop());
        return workers;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function polling(client: Parameters<typeof livePollers>[0]): Promise<boolean> {
  const kinds = [
    [taskQueue, 'workflow'],
    [controlQueue(taskQueue), 'activity'],
    [domainQueue(taskQueue, 'redis'), 'activity'],
  ] as const;
  for (const [queue, kind] of kinds) if ((await livePollers(client, queue, kind)) === 0) return false;
  return true;
}
