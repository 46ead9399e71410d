import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll } from 'vitest';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { RunningTemporal } from '../../lab/temporal/temporal.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';

// Steps that fail on purpose are no news.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** A Temporal dev server of a test file's own, with everything that talks to it. */
export type TestServer = {
  address: string;
  client: Client;
  native: NativeConnection;
  stateDir: string;
  /** Where it was asked for. */
  uiUrl?: string;
};

/** Starts a server before the file's tests and stops it after them. */
export function useTemporal({ ui = false } = {}): () => TestServer {
  let running: RunningTemporal | undefined;
  let server: TestServer | undefined;
  let connection: Connection | undefined;
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  beforeAll(async () => {
    running = await startTemporal({ stateDir, ui });
    const { address, uiUrl } = running;
    connection = await Connection.connect({ address });
    await registerSearchAttributes(connection, 'default');
    server = {
      address,
      client: new Client({ connection }),
      native: await NativeConnection.connect({ address }),
      stateDir,
      ...(uiUrl === undefined ? {} : { uiUrl }),
    };
  });
  afterAll(async () => {
    await server?.native.close();
    await connection?.close();
    // A clean stop takes a second and a half, and nothing is kept.
    await running?.kill();
    rmSync(stateDir, { recursive: true, force: true });
  });
  return () => {
    if (!server) throw new Error('the server is started before the first test, not earlier');
    return server;
  };
}
