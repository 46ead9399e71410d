import { z } from 'zod';
import { livePollers, missingSearchAttributes, serverFacts } from '../../client/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { problems } from './answers.ts';

/** Whether the process lives, and whether a run could be started now. Neither asks for a token, and neither tells a secret. */
export function healthRoutes(api: Api, options: ApiOptions): void {
  api.route({
    method: 'GET',
    url: '/healthz',
    schema: {
      operationId: 'health',
      summary: 'Whether this process answers; it says nothing of Temporal',
      tags: ['health'],
      security: [],
      response: { 200: z.object({ ok: z.literal(true) }) },
    },
    handler: () => Promise.resolve({ ok: true as const }),
  });
  api.route({
    method: 'GET',
    url: '/readyz',
    schema: {
      operationId: 'ready',
      summary: 'Whether a run could be started now: Temporal answers, a worker polls, the access file can be read',
      tags: ['health'],
      security: [],
      response: { 200: z.object({ ok: z.literal(true), server: z.string(), workers: z.int() }), ...problems(503) },
    },
    handler: async () => {
      const { client, taskQueue } = options;
      try {
        options.access();
      } catch (error) {
        if (!(error instanceof GantryError)) throw error;
        throw new GantryError('NO_WORKER', `the access file cannot be used (${error.code}): every request is refused`);
      }
      const [{ version }, missing, workers] = await Promise.all([
        serverFacts(client),
        missingSearchAttributes(client),
        livePollers(client, taskQueue, 'workflow'),
      ]);
      if (missing.length > 0)
        throw new GantryError('NO_WORKER', `the namespace lacks the search attributes ${missing.join(', ')}`);
      if (workers.length === 0) throw new GantryError('NO_WORKER', `no worker polls the queue ${taskQueue}`);
      return { ok: true as const, server: version, workers: workers.length };
    },
  });
}
