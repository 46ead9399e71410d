import { z } from 'zod';
import { startOnce } from '../../client/index.ts';
import { GantryError } from '../../errors/index.ts';
import { entries, inputJsonSchema, validateInput } from '../../registry/index.ts';
import type { KindEntry } from '../../registry/index.ts';
import { domainOf, startedBy, verbOf } from '../../runs/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { mustBeAllowed } from '../context.ts';
import { describedBody, describedHeader } from '../openapi.ts';
import { problems } from './answers.ts';

const keyForm = /^[A-Za-z0-9._-]{8,128}$/;
const key = describedHeader('idempotency-key', {
  ...{ type: 'string', pattern: keyForm.source },
  description:
    'Chosen by you, once for each run that you want: the same request under the same key starts nothing more.',
});

const started = z
  .object({
    kind: z.string(),
    workflowId: z
      .string()
      .describe('Of the request. It answers for the run that it starts, whose id is the lock of its target.'),
    runId: z.string(),
    dryRun: z.boolean(),
    again: z.boolean().describe('The same request came before: nothing was started now.'),
  })
  .meta({ id: 'Started' });

/** `POST /v1/<domain>/<verb>` for every kind that people start. */
export function startRoutes(api: Api, options: ApiOptions): void {
  for (const entry of Object.values(entries)) if (startedBy(entry.kind) === undefined) startRoute(api, options, entry);
}

function startRoute(api: Api, options: ApiOptions, entry: KindEntry): void {
  const { kind, summary, docs, example, alsoStarts = [] } = entry;
  const { client, taskQueue, signer } = options;
  api.route({
    method: 'POST',
    url: `/v1/${domainOf(kind)}/${verbOf(kind)}`,
    schema: {
      operationId: `start-${kind.replace('.', '-')}`,
      summary,
      description: `Starts a run of ${kind}. In full: ${docs}.`,
      tags: ['start'],
      // What the schema of the kind refuses is answered by the registry, with every problem and its place.
      body: describedBody(asAsked(kind), without(example, 'requestedBy')),
      headers: key,
      response: {
        202: started.describe('Started. Location is the address of the run.'),
        200: started.describe('The same request came before; this is the run that it started.'),
        ...problems(400, 401, 403, 409, 413, 415, 422, 429, 503),
      },
    },
    handler: async (request, reply) => {
      request.act = { kind };
      const { person } = mustBeAllowed(options, request, 'start', kind);
      const { 'idempotency-key': given } = request.headers;
      if (given === undefined || !keyForm.test(given))
        throw new GantryError(
          'IDEMPOTENCY_KEY_MISSING',
          `Idempotency-Key ${given === undefined ? 'is missing' : 'is not 8 to 128 letters, digits, . _ -'}`,
        );
      const body: unknown = request.body;
      if (typeof body !== 'object' || body === null || Array.isArray(body))
        throw new GantryError('INVALID_INPUT', 'the body must be one JSON object');
      if ('requestedBy' in body)
        throw new GantryError('INVALID_INPUT', 'requestedBy: the API says who asks, by the token of the request');
      for (const other of alsoStarts)
        if ((body as Record<string, unknown>)[other.field]) mustBeAllowed(options, request, 'start', other.kind);
      const { workflowId, runId, dryRun, again } = await startOnce(
        client,
        kind,
        { ...body, requestedBy: person },
        {
          ...{ taskQueue, check: validateInput, person, key: given },
          ...(signer === undefined ? {} : { sign: (binding) => signer.request(binding, person) }),
        },
      );
      request.act = {
        ...{ kind, workflowId, runId, act: dryRun ? 'dry-run' : 'start' },
        ...(again ? { reason: 'the same request came before' } : {}),
      };
      void reply.header('location', `/v1/runs/${encodeURIComponent(workflowId)}`);
      return reply.status(again ? 200 : 202).send({ kind, workflowId, runId, dryRun, again });
    },
  });
}

/** The schema of an input without what the API stamps. */
function asAsked(kind: KindEntry['kind']): Record<string, unknown> {
  const schema = without(inputJsonSchema(kind), '$schema');
  return { ...schema, properties: without(schema.properties ?? {}, 'requestedBy') };
}

function without<T extends object, K extends string>(object: T, field: K): Omit<T, K> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field)) as Omit<T, K>;
}
