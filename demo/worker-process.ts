import { fileURLToPath } from 'node:url';
import type { LabProcess } from '../lab/process.ts';
import { startProcess } from '../lab/process.ts';
import { runsWorker } from '../lab/run-typescript.ts';
import { livePollers, withClient } from '../src/client/index.ts';
import { controlQueue, defaultTaskQueue, domainQueue, vantageQueue } from '../src/runs/index.ts';
import type { ConnectionSettings } from '../src/settings/index.ts';

export type WorkerProcessOptions = {
  stateDir: string;
  connection: ConnectionSettings;
  platformFile: string;
  /** Where the workers find the secrets that the platform file names. */
  env: Record<string, string>;
  /** Default: the queues of production. */
  taskQueue?: string;
  /** Whose steps the platform file gives them to do; redis unless given. */
  domain?: 'redis' | 'clickhouse' | 'host' | 'archive' | 'region';
  /** Of the workers, as their command line takes them; all unless given. */
  roles?: readonly string[];
};

/**
 * Starts the workers of one machine in a process of their own, as in production, and waits until they poll.
 * @throws GantryError LAB_PART_FAILED
 */
export function startWorkerProcess(options: WorkerProcessOptions): Promise<LabProcess> {
  const {
    stateDir,
    connection,
    platformFile,
    env,
    taskQueue = defaultTaskQueue,
    domain = 'redis',
    roles = [],
  } = options;
  const queues = [
    [taskQueue, 'workflow'],
    [controlQueue(taskQueue), 'activity'],
    [domainQueue(taskQueue, domain), 'activity'],
    ...(domain === 'redis' ? [[vantageQueue(taskQueue, domain, 'main'), 'activity'] as const] : []),
  ] as const;
  return startProcess({
    stateDir,
    name: 'workers',
    part: 'workers',
    command: process.execPath,
    args: [...runsWorker, fileURLToPath(new URL('../workers/main.ts', import.meta.url)), ...roles],
    env: {
      ...process.env,
      ...env,
      TEMPORAL_ADDRESS: connection.address,
      GANTRY_PLATFORM: platformFile,
      GANTRY_TASK_QUEUE: taskQueue,
      GANTRY_LOG: 'warn',
    },
    readyWithinMs: 30_000,
    ready: () =>
      withClient(connection, async (client) => {
        for (const [queue, kind] of queues) if ((await livePollers(client, queue, kind)).length === 0) return false;
        return true;
      }),
  });
}
