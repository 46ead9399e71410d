import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClickHouseAddress } from './client.ts';
import { clickhouseCall } from './client.ts';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { restartable } from '../restartable.ts';
import { findModernClickHouse } from '../programs.ts';
import { runsTypeScript } from '../run-typescript.ts';

export type ModernClickHouse = ClickHouseAddress & {
  /** Of the storage policy `tiered`: its volumes `hot`, `warm` and `cold` are one disk each, a folder of this name here. */
  readonly dir: string;
  isRunning(): boolean;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Starts it again with its data. */
  restart(): Promise<void>;
};

/**
 * One server of a modern ClickHouse (26.7), with storage volumes; no replication. About 280 MB resident.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startModernClickHouse(options: {
  stateDir: string;
  name?: string;
  detached?: boolean;
}): Promise<ModernClickHouse> {
  const { stateDir, name = 'clickhouse-modern', detached } = options;
  const address: ClickHouseAddress = { host: '127.0.0.1', httpPort: await freePort() };
  const dir = join(stateDir, 'clickhouse', name);
  const start = async () =>
    startProcess({
      ...{ stateDir, name, part: 'clickhouse-modern' },
      command: process.execPath,
      args: [
        ...[...runsTypeScript, fileURLToPath(new URL('./modern-main.ts', import.meta.url))],
        ...['--root', await findModernClickHouse(), '--dir', dir, '--port', String(address.httpPort)],
      ],
      ports: [address.httpPort],
      endpoints: { host: address.host, port: address.httpPort },
      ready: async () => (await clickhouseCall(address, 'SELECT 1', { timeoutMs: 2_000 })).trim() === '1',
      readyWithinMs: 60_000,
      ...(detached === undefined ? {} : { detached }),
    });
  const part = restartable(start);
  await part.start();
  return {
    ...address,
    dir,
    ...part,
  };
}
