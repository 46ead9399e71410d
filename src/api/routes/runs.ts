import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { describeRun, listPage, runReport, runStatus } from '../../client/index.ts';
import { GantryError } from '../../errors/index.ts';
import { listedRunShape } from '../../registry/index.ts';
import { isKind, runStates } from '../../runs/index.ts';
import { decide } from '../access/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { mustBeAllowed, mustSeeAnything } from '../context.ts';
import { problems, reportAnswer, statusAnswer } from './answers.ts';

/** Which run a path means: the newest one under the id unless the query names one. */
export const runPath = z.object({
  workflowId: z.string().min(1).max(1_000).describe('The id of the run; each slash in it is written %2F.'),
});
export const runQuery = z.object({
  runId: z.uuid().exactOptional().describe('One run under the id; else the newest.'),
});

export const listed = z.object({
  runs: z.array(listedRunShape),
  next: z.string().exactOptional().describe('The cursor of the next page; absent on the last one.'),
});

export const answered = z
  .object({ run: statusAnswer, note: z.string().exactOptional(), closed: z.boolean() })
  .meta({ id: 'RunAnswer' });

/** The run that a request names. @throws GantryError RUN_NOT_FOUND, API_FORBIDDEN */
export async function runOf(
  options: ApiOptions,
  request: FastifyRequest,
  need: 'see' | 'operate' | 'approve',
): Promise<{ ref: { workflowId: string; runId?: string }; person: string }> {
  const { workflowId } = runPath.parse(request.params);
  const { runId } = runQuery.parse(request.query);
  const ref = { workflowId, ...(runId === undefined ? {} : { runId }) };
  // Asked for before anything is said about the run: whoever may see nothing learns nothing.
  mustSeeAnything(options, request);
  request.act = { ...request.act, ...ref };
  const { kind, target } = await describeRun(options.client, ref);
  request.act = { ...request.act, kind, target };
  return { ref, person: mustBeAllowed(options, request, need, kind).person };
}

/** What is known of runs: a list, how one stands, how one went. */
export function runRoutes(api: Api, options: ApiOptions): void {
  const { client } = options;
  api.route({
    method: 'GET',
    url: '/v1/runs',
    schema: {
      operationId: 'list-runs',
      summary: 'Runs, the newest first',
      tags: ['runs'],
      querystring: z.object({
        state: z.enum(runStates).exactOptional(),
        kind: z.string().refine(isKind, { error: 'no kind of run has this name' }).exactOptional(),
        target: z.string().max(500).exactOptional(),
        limit: z.coerce.number().int().min(1).max(500).default(50),
        cursor: z.string().max(500).exactOptional().describe('`next` of the page before.'),
      }),
      response: { 200: listed, ...problems(400, 401, 403, 429, 503) },
    },
    handler: async (request) => {
      const who = mustSeeAnything(options, request);
      const access = options.access();
      const { runs, next } = await listPage(client, request.query);
      return {
        runs: runs.filter(({ kind }) => decide(access, who, 'see', kind).allowed),
        ...(next === undefined ? {} : { next }),
      };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/runs/:workflowId',
    schema: {
      operationId: 'get-run',
      summary: 'How a run stands',
      tags: ['runs'],
      params: runPath,
      querystring: runQuery,
      response: { 200: answered, ...problems(400, 401, 403, 404, 429, 503) },
    },
    handler: async (request) => {
      const { ref } = await runOf(options, request, 'see');
      const { status, note, closed } = await runStatus(client, ref);
      return { run: status, closed, ...(note === undefined ? {} : { note }) };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/runs/:workflowId/report',
    schema: {
      operationId: 'get-report',
      summary: 'How a run went, once it has ended',
      tags: ['runs'],
      params: runPath,
      querystring: runQuery,
      response: { 200: z.object({ report: reportAnswer }), ...problems(400, 401, 403, 404, 409, 429, 503) },
    },
    handler: async (request) => {
      const { ref } = await runOf(options, request, 'see');
      const report = await runReport(client, ref);
      if (report) return { report };
      throw new GantryError('WRONG_STATE', `${ref.workflowId} has not ended: it has no report yet`);
    },
  });
}
