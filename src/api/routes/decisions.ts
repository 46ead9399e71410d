import { z } from 'zod';
import { abort, approve, pause, resolve, resume, runStatus } from '../../client/index.ts';
import { entries } from '../../registry/index.ts';
import type { Kind, RunStatus } from '../../runs/index.ts';
import { isKind } from '../../runs/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { mustBeAllowed } from '../context.ts';
import { problems, statusAnswer } from './answers.ts';
import { runOf, runPath, runQuery } from './runs.ts';

const words = z.string().min(1).max(2_000);
const reason = z.strictObject({ reason: words.exactOptional() });
const answer = {
  200: z.object({ run: statusAnswer }),
  ...problems(400, 401, 403, 404, 409, 413, 415, 422, 429, 503, 504),
};

const bodies = {
  approve: z.strictObject({
    planHash: z
      .string()
      .min(1)
      .max(100)
      .describe('The hash of the plan that you have read: another plan is not approved.'),
    note: words.exactOptional(),
  }),
  pause: reason,
  resume: reason,
  abort: reason,
  resolve: z.strictObject({
    action: z.enum(['retry', 'skip', 'stop']),
    park: z
      .string()
      .min(1)
      .max(200)
      .describe('`parked.id` of the status: an answer to one park is never taken for the next.'),
    reason: words.exactOptional(),
    acceptedRisk: words.exactOptional().describe('With `skip` of a step that is not done: what is accepted, in words.'),
  }),
};

/** `POST /v1/runs/<id>/<decision>`. Who decides is the person of the token. */
export function decisionRoutes(api: Api, options: ApiOptions): void {
  const { client, signer } = options;
  const common = { tags: ['decisions'], params: runPath, querystring: runQuery, response: answer };
  api.route({
    method: 'POST',
    url: '/v1/runs/:workflowId/approve',
    schema: { ...common, operationId: 'approve-run', summary: 'Approve the plan with this hash', body: bodies.approve },
    handler: async (request) => {
      const { ref, person } = await runOf(options, request, 'approve');
      const { planHash, note } = request.body;
      request.act = { ...request.act, planHash, ...(note === undefined ? {} : { reason: note }) };
      const { status, closed } = await runStatus(client, ref);
      for (const kind of alsoApproved(status, planHash)) mustBeAllowed(options, request, 'approve', kind);
      if (signer === undefined || closed) return { run: await approve(client, ref, { ...request.body, by: person }) };
      // The token is for the run that does the work, not for the request that started it.
      const { workflowId, runId } = status;
      const { namespace } = client.options;
      const token = await signer.approval({ namespace, workflowId, runId, planHash, verb: 'approve' }, person);
      return { run: await approve(client, { workflowId, runId }, { ...request.body, by: person, token }) };
    },
  });
  const simple = { pause, resume, abort };
  const summaries = {
    pause: 'Halt the run at its next safe point',
    resume: 'Let a paused run go on, once what it made is found unchanged',
    abort: 'Undo what the run changed, last first',
  };
  for (const name of ['pause', 'resume', 'abort'] as const) {
    api.route({
      method: 'POST',
      url: `/v1/runs/:workflowId/${name}`,
      schema: { ...common, operationId: `${name}-run`, summary: summaries[name], body: bodies[name] },
      handler: async (request) => {
        if (request.body.reason !== undefined) request.act = { reason: request.body.reason };
        const { ref, person } = await runOf(options, request, 'operate');
        return { run: await simple[name](client, ref, { ...request.body, by: person }) };
      },
    });
  }
  api.route({
    method: 'POST',
    url: '/v1/runs/:workflowId/resolve',
    schema: { ...common, operationId: 'resolve-run', summary: 'Decide about a parked run', body: bodies.resolve },
    handler: async (request) => {
      const { action, reason: why } = request.body;
      request.act = { act: action, ...(why === undefined ? {} : { reason: why }) };
      const { ref, person } = await runOf(options, request, 'operate');
      return { run: await resolve(client, ref, { ...request.body, by: person }) };
    },
  });
}

/** Kinds of other domains that an approval of this plan covers as well. Of a plan that is not the run's present one: all that the kind may start. */
function alsoApproved({ kind, plan }: RunStatus, planHash: string): Kind[] {
  const others = (isKind(kind) ? entries[kind].alsoStarts : undefined) ?? [];
  const planned = plan?.hash === planHash ? plan.actions.map(({ step }): string => step) : undefined;
  return others.map((other) => other.kind).filter((other) => planned?.includes(other) ?? true);
}
