import type { Client } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import { createLog } from '../telemetry/log.ts';
import { createApi } from './server.ts';

/** The text of `docs/reference/openapi.json`. The routes are made, and none is asked. */
export async function openapiText(): Promise<string> {
  const refuse = (): never => {
    throw new GantryError('ACCESS_NOT_FOUND', 'this API only describes itself');
  };
  // No route is asked, so that nothing is ever read from the client.
  const client = {} as Client;
  const api = await createApi({
    client,
    taskQueue: 'gantry',
    access: refuse,
    platform: refuse,
    log: createLog('silent'),
    audit: { append: () => Promise.resolve() },
  });
  const text = `${JSON.stringify(api.swagger(), null, 2)}\n`;
  await api.close();
  return text;
}
