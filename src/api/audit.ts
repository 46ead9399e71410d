import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditEntry } from '../audit/index.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Api, ApiOptions } from './context.ts';

/** What a handler knows of the act that it carries out. */
export type Act = Pick<AuditEntry, 'kind' | 'target' | 'workflowId' | 'runId' | 'planHash' | 'reason'> & {
  act?: string;
};

/** Strangers must not fill the disk: so many of their refusals are written within a minute; the next one counts the rest. */
const strangersPerMinute = 60;
const minuteMs = 60_000;

/** Statuses by which a reader is refused, too. Any other answer to a reader is no act. */
const refusedReaders = [401, 403, 429];

/** Has every act, and every request that was refused, written to the audit before it is answered. */
export function auditRequests(
  api: Api,
  { audit, now = Date.now }: ApiOptions,
  { auditFailures }: Pick<Metrics, 'auditFailures'>,
): void {
  const strangers = { since: 0, written: 0, leftOut: 0 };
  const leftOut = (): number | undefined => {
    if (now() - strangers.since >= minuteMs) Object.assign(strangers, { since: now(), written: 0 });
    if (strangers.written >= strangersPerMinute) {
      strangers.leftOut += 1;
      return undefined;
    }
    strangers.written += 1;
    const before = strangers.leftOut;
    strangers.leftOut = 0;
    return before;
  };
  api.decorateRequest('act', null as never);
  api.decorateRequest('refusal', undefined);
  api.addHook('onRequest', (request, _reply, done) => {
    request.act = {};
    done();
  });
  api.addHook('onSend', async (request, reply) => {
    const isAct = request.method === 'POST';
    if (!isAct && !refusedReaders.includes(reply.statusCode)) return;
    const isStranger = request.who === undefined || reply.statusCode === 429;
    const before = isStranger ? leftOut() : 0;
    if (before === undefined) return;
    try {
      await audit.append({ ...entryOf(request, reply), ...(before > 0 ? { leftOut: before } : {}) });
    } catch (error) {
      auditFailures.inc();
      request.log.error({ error }, 'the audit could not be written');
    }
  });
}

function entryOf(request: FastifyRequest, reply: FastifyReply): AuditEntry {
  const { who, act, refusal, id, method } = request;
  const { operationId } = (request.routeOptions.schema ?? {}) as { operationId?: string };
  const verb = operationId?.split('-')[0];
  return {
    by: who?.person ?? 'unknown',
    act: act.act ?? (method === 'GET' ? 'read' : (verb ?? 'unknown')),
    outcome: reply.statusCode < 400 ? 'done' : reply.statusCode < 500 ? 'refused' : 'unclear',
    via: 'api',
    requestId: id,
    ...(who ? { credential: who.by } : {}),
    ...(refusal ? { code: refusal } : {}),
    ...withoutAct(act),
  };
}

function withoutAct({ act: _act, ...rest }: Act): Omit<Act, 'act'> {
  return rest;
}
