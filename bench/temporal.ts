import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { RunningTemporal } from '../lab/temporal/temporal.ts';
import { startTemporal } from '../lab/temporal/temporal.ts';
import { buildBundle } from '../workers/bundle.ts';
import { registerSearchAttributes } from '../workers/search-attributes.ts';
import { atEnd, benchFolder } from './cleanup.ts';

/** A server of a bench's own, on a file, and the bundle of its workflows. */
export type BenchTemporal = {
  stateDir: string;
  temporal: RunningTemporal;
  connection: Connection;
  client: Client;
  serverVersion: string;
  /** Of the bundle. */
  codePath: string;
};

/** Starts a server for a bench, and ends it with the bench. The workflows are those of production unless given. @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED */
export async function benchTemporal(workflows?: string): Promise<BenchTemporal> {
  const stateDir = benchFolder();
  const temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db') });
  atEnd(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  atEnd(() => connection.close());
  await registerSearchAttributes(connection, 'default');
  // A copy: `npm run bundle` removes other bundles than its own.
  const codePath = join(stateDir, 'workflows.js');
  copyFileSync(await buildBundle(workflows), codePath);
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  return { stateDir, temporal, connection, client: new Client({ connection }), serverVersion, codePath };
}
