import { Counter, Gauge } from 'prom-client';
import { missedFires, runFigures } from '../client/index.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Api, ApiOptions } from './context.ts';
import { mustSeeAnything } from './context.ts';

/** Several scrapers, or an impatient one, must not ask Temporal each time. Milliseconds. */
const freshMs = 10_000;
/** How far back fires that did not come are counted. Milliseconds. */
const missedWithinMs = 86_400_000;

/** `GET /metrics`: what Prometheus reads, for those to whom anything is granted. */
export function metricsRoute(api: Api, options: ApiOptions, metrics: Metrics): void {
  const requests = new Counter({
    name: 'gantry_api_requests_total',
    help: 'Requests that were answered, by path and status.',
    labelNames: ['method', 'path', 'status'],
    registers: [metrics.registry],
  });
  api.addHook('onResponse', (request, reply, done) => {
    const path = request.routeOptions.url ?? 'none';
    requests.inc({ method: request.method, path, status: String(reply.statusCode) });
    done();
  });
  const readTemporal = temporalGauges(options, metrics);
  api.route({
    method: 'GET',
    url: '/metrics',
    schema: { hide: true },
    handler: async (request, reply) => {
      mustSeeAnything(options, request);
      await readTemporal();
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    },
  });
}

/** What only Temporal knows. While it is away, `gantry_temporal_up` is 0 and the others are absent: no old figure stays. */
function temporalGauges({ client, taskQueue, platform, log, now = Date.now }: ApiOptions, { registry }: Metrics) {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const up = gauge('gantry_temporal_up', 'Whether Temporal answered when these figures were read.');
  const runs = gauge('gantry_runs', 'Open runs, by state.', ['state']);
  const oldest = gauge(
    'gantry_oldest_wait_seconds',
    'How long the run that waits longest for a person (approval, park, pause) has waited; 0 if none waits.',
  );
  const missed = gauge('gantry_schedule_missed_fires', 'Fires of a schedule within the last day that started no run.', [
    'schedule',
  ]);
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<void> => {
    const at = now();
    for (const one of [runs, missed]) one.reset();
    oldest.remove();
    try {
      const { platform: content } = platform();
      const intents = Object.entries(content.schedules).map(([name, schedule]) => ({ name, ...schedule }));
      const span = { since: new Date(at - missedWithinMs), now: new Date(at) };
      const [figures, accounts] = await Promise.all([
        runFigures(client, at),
        missedFires(client, { name: content.name, taskQueue }, intents, span),
      ]);
      for (const [state, count] of Object.entries(figures.open)) runs.set({ state }, count);
      oldest.set((figures.oldestWaitMs ?? 0) / 1_000);
      for (const account of accounts) missed.set({ schedule: account.name }, account.missed.length);
      up.set(1);
    } catch (error) {
      log.warn({ error }, 'the figures of Temporal could not be read');
      up.set(0);
    }
  };
  let reading: Promise<void> | undefined;
  return (): Promise<void> => {
    if (now() - readAt < freshMs) return reading ?? Promise.resolve();
    readAt = now();
    reading = read();
    return reading;
  };
}
