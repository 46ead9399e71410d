import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { watchRun } from '../../client/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { problems } from './answers.ts';
import { runOf, runPath, runQuery } from './runs.ts';

/** A proxy in between closes what is silent for a minute. Milliseconds. */
const aliveEveryMs = 15_000;

/**
 * `GET /v1/runs/<id>/events`: each state of a run as a server-sent event, until it has ended. Every event is the whole state, so
 * that a client that reads again with Last-Event-ID misses nothing that still holds and gets nothing twice.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventRoutes(api: Api, options: ApiOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:workflowId/events',
    schema: {
      operationId: 'follow-run',
      summary: 'Each state of a run as a server-sent event, until it has ended',
      description: 'Events are `state` (the answer of get-run) and, as the last one, `end`.',
      tags: ['runs'],
      params: runPath,
      querystring: runQuery,
      produces: ['text/event-stream'],
      response: {
        200: {
          description: 'The stream. `data` of `state` is the answer of get-run; each event is the whole state.',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        ...problems(400, 401, 403, 404, 429, 503),
      },
    },
    handler: async (request, reply) => {
      const { ref } = await runOf(options, request, 'see');
      const stop = new AbortController();
      const out = new PassThrough();
      reply.raw.once('close', () => stop.abort());
      const alive = setInterval(() => out.write(': alive\n\n'), aliveEveryMs);
      const last = request.headers['last-event-id'];
      const tell = (event: string, data: unknown, id?: string): void =>
        void out.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      void watchRun(
        options.client,
        ref,
        ({ status, note, closed }) => {
          const data = { run: status, closed, ...(note === undefined ? {} : { note }) };
          const id = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
          if (id !== last) tell('state', data, id);
        },
        { signal: stop.signal },
      )
        .then(({ closed }) => {
          if (closed) tell('end', {});
        })
        .catch((error: unknown) => options.log.warn({ error, workflowId: ref.workflowId }, 'a stream of events ended'))
        .finally(() => {
          clearInterval(alive);
          out.end();
        });
      return (
        reply
          .header('content-type', 'text/event-stream')
          .header('cache-control', 'no-store')
          .header('x-accel-buffering', 'no')
          // A stream has no schema, so the types of the answers know none.
          .send(out as never)
      );
    },
  });
}
