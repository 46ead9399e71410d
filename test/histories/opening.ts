import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import type { TestServer } from '../support/temporal.ts';

/** A folder of its own, and what is stopped with a stage, the last that was started first. */
export type Opening = { stateDir: string; stops: (() => Promise<void>)[]; stop: () => Promise<void> };

/** Opens a stage; what was started by then is stopped where that fails. */
export async function opening<S>(open: (parts: Opening) => Promise<S>): Promise<S> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-histories-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(stateDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    return await open({ stateDir, stops, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A Temporal server of the stage's own, with the search attributes. */
export async function connected({ stateDir, stops }: Opening): Promise<Pick<TestServer, 'address' | 'client'>> {
  const temporal = await startTemporal({ stateDir });
  stops.push(() => temporal.stop());
  const connection = await Connection.connect({ address: temporal.address });
  stops.push(() => connection.close());
  await registerSearchAttributes(connection, 'default');
  return { address: temporal.address, client: new Client({ connection }) };
}
