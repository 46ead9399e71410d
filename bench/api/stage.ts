import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import type { LabProcess } from '../../lab/process.ts';
import { startProcess } from '../../lab/process.ts';
import { freePort } from '../../lab/ports.ts';
import { runsTypeScript, runsWorker } from '../../lab/run-typescript.ts';
import { newSigningKey, newToken } from '../../src/api/index.ts';
import { livePollers } from '../../src/client/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import { atEnd } from '../cleanup.ts';
import { benchTemporal } from '../temporal.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const taskQueue = 'bench-api';

/** A server, workers, an API process as `gantry api` starts it, and a token for each client. */
export type ApiStage = {
  client: Client;
  url: string;
  tokens: readonly string[];
  serverVersion: string;
  /** SIGKILL, then another process on the same port; resolves when that one answers. */
  killApi: () => Promise<void>;
};

/** @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED */
export async function openStage(clients: number): Promise<ApiStage> {
  const { stateDir, temporal, client, serverVersion, codePath } = await benchTemporal(here('./workflows.ts'));
  const { address } = temporal;
  const worker = await startProcess({
    ...{ stateDir, name: 'worker', part: 'workers', command: process.execPath },
    args: [...runsWorker, here('./worker.ts'), address, taskQueue, codePath],
    readyWithinMs: 60_000,
    ready: async () => {
      const queues = [controlQueue(taskQueue), domainQueue(taskQueue, 'redis')];
      const polled = await Promise.all(queues.map((queue) => livePollers(client, queue, 'activity')));
      const runs = await livePollers(client, taskQueue, 'workflow');
      return runs.length > 0 && polled.every((pollers) => pollers.length > 0);
    },
  });
  atEnd(() => worker.stop());

  const made = Array.from({ length: clients }, (_, at) => ({ person: `client-${at}`, ...newToken() }));
  const { file, line } = await newSigningKey('bench');
  writeFileSync(join(stateDir, 'key.json'), file);
  const platform = {
    ...{ version: 1, name: 'bench', regions: { here: { zones: { a: { runs: [] } } } }, approvals: { keys: [line] } },
    reports: { folder: join(stateDir, 'reports') },
  };
  writeFileSync(join(stateDir, 'platform.yaml'), JSON.stringify(platform));
  const tokens = made.map(({ person, sha256 }) => ({ id: person, person, sha256, expires: '2999-01-01T00:00:00Z' }));
  const grants = made.map(({ person }) => ({ to: person, roles: ['operator'], over: ['*'] }));
  writeFileSync(join(stateDir, 'access.yaml'), JSON.stringify({ version: 1, tokens, grants }));

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startApi = (): Promise<LabProcess> =>
    startProcess({
      ...{ stateDir, name: 'api', part: 'api', command: process.execPath, readyWithinMs: 60_000 },
      args: [...runsTypeScript, here('../../src/cli/main.ts'), 'api', '--port', String(port)],
      env: {
        ...process.env,
        ...{ TEMPORAL_ADDRESS: address, GANTRY_TASK_QUEUE: taskQueue, GANTRY_LOG: 'warn' },
        GANTRY_PLATFORM: join(stateDir, 'platform.yaml'),
        GANTRY_ACCESS: join(stateDir, 'access.yaml'),
        GANTRY_APPROVAL_KEY: join(stateDir, 'key.json'),
      },
      ready: async () => (await fetch(`${url}/readyz`)).ok,
    });
  let api = await startApi();
  atEnd(() => api.stop());
  return {
    ...{ client, url, serverVersion, tokens: made.map(({ token }) => token) },
    killApi: async () => {
      await api.kill();
      api = await startApi();
    },
  };
}
