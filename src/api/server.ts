import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import { fastify } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { GantryError } from '../errors/index.ts';
import { authenticator } from './access/index.ts';
import { auditRequests } from './audit.ts';
import { gantryVersion } from '../settings/index.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { metricsRoute } from './metrics.ts';
import type { Api, ApiOptions } from './context.ts';
import { describeApi } from './openapi.ts';
import { problemType, toProblem } from './problem.ts';
import { decisionRoutes } from './routes/decisions.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { platformRoutes } from './routes/platform.ts';
import { runRoutes } from './routes/runs.ts';
import { startRoutes } from './routes/start.ts';
import { refuseBytes, refusePath } from './unroutable.ts';

/** An input of a run is a few hundred bytes. */
const bodyLimit = 64 * 1024;
const perMinute = 600;

/** Paths that need no token. */
const open = new Set(['/healthz', '/readyz', '/v1/openapi.json']);

/**
 * The HTTP API over a Temporal client. It keeps nothing of its own: what it answers is Temporal's, what it starts outlives it.
 * Everything but health and the description of the API needs a token, and a grant of the access file.
 */
export async function createApi(options: ApiOptions): Promise<Api> {
  const api: Api = fastify({
    loggerInstance: options.log,
    bodyLimit,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: 1_000 },
    forceCloseConnections: true,
    frameworkErrors: refusePath,
    clientErrorHandler: refuseBytes,
  });
  api.setValidatorCompiler(validatorCompiler);
  // What is answered has types; a field more than the shape knows must not turn into an error.
  api.setSerializerCompiler(() => (data) => JSON.stringify(data));
  api.decorateRequest('who', undefined);
  api.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error, request.id);
    request.refusal = problem.title;
    if (problem.status >= 500) request.log.error({ error }, 'a request failed');
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    return reply.status(problem.status).type(problemType).send(JSON.stringify(problem));
  });
  api.setNotFoundHandler((request) => {
    throw new GantryError(
      'API_NO_ROUTE',
      `${request.method} ${request.url.split('?')[0] ?? ''}: there is no such path`,
    );
  });
  const metrics = createMetrics({ role: 'api', version: gantryVersion });
  auditRequests(api, options, metrics);
  const authenticate = authenticator(options.access, options.now ?? Date.now);
  api.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id).header('cache-control', 'no-store');
    const { url } = request.routeOptions;
    if (url === undefined || open.has(url)) return;
    request.who = await authenticate(request.headers.authorization);
  });
  await api.register(rateLimit, {
    max: options.perMinute ?? perMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => request.who?.person ?? request.ip,
  });
  await describeApi(api);
  healthRoutes(api, options);
  startRoutes(api, options);
  runRoutes(api, options);
  eventRoutes(api, options);
  decisionRoutes(api, options);
  platformRoutes(api, options);
  metricsRoute(api, options, metrics);
  api.route({
    method: 'GET',
    url: '/v1/openapi.json',
    schema: { hide: true },
    handler: () => Promise.resolve(api.swagger()),
  });
  await api.ready();
  return api;
}
