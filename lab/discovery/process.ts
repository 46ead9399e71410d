import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningDiscovery } from './discovery.ts';
import { startDiscovery } from './discovery.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { runsTypeScript } from '../run-typescript.ts';

/**
 * Discovery as a process of its own, so that it can be killed, or outlive the one that starts it.
 * @throws GantryError LAB_PART_FAILED
 */
export async function startDiscoveryProcess(options: {
  stateDir: string;
  file: string;
  port?: number;
  token?: string;
  detached?: boolean;
}): Promise<{ url: string; port: number; process: LabProcess; stop(): Promise<void> }> {
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  mkdirSync(dirname(options.file), { recursive: true });
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const process_ = await startProcess({
    stateDir: options.stateDir,
    name: 'discovery',
    part: 'discovery',
    command: process.execPath,
    args: [...runsTypeScript, main, '--file', options.file, '--port', String(port)],
    env: { ...process.env, ...(options.token === undefined ? {} : { GANTRY_DISCOVERY_TOKEN: options.token }) },
    ports: [port],
    endpoints: { url },
    ready: async () => (await fetch(`${url}/redis/none`)).status === 404,
    ...(options.detached === undefined ? {} : { detached: options.detached }),
  });
  return { url, port, process: process_, stop: () => process_.stop() };
}

/** Discovery in this process, with which it ends. */
export async function discoveryHere({ file }: { file: string }): Promise<RunningDiscovery> {
  mkdirSync(dirname(file), { recursive: true });
  return startDiscovery({ file, port: await freePort() });
}
