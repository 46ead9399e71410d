import { z } from 'zod';
import { count, countOrNone, mapOf, name, port } from './names.ts';
import { duration, rename } from './units.ts';

const percent = z.int().min(0).max(100);

const retries = z
  .strictObject({
    attempts: count,
    perTryTimeout: duration,
    methods: z
      .array(z.enum(['GET', 'HEAD', 'OPTIONS']))
      .min(1)
      .describe('Only what may be repeated without a second effect.'),
  })
  .transform(rename({ perTryTimeout: 'perTryTimeoutMs' }));

const route = z
  .strictObject({
    prefix: z.string().startsWith('/'),
    daemon: name,
    port,
    weight: percent.default(100),
    timeout: duration,
    retries: retries.exactOptional(),
  })
  .transform(rename({ timeout: 'timeoutMs' }));

const breaker = z
  .strictObject({
    maxConnections: count,
    maxPendingRequests: count,
    maxRequests: count,
    maxRequestsPerConnection: count,
    consecutiveGatewayErrors: count.describe('Answers 502, 503, 504 in a row after which an instance is taken out.'),
    consecutive5xxErrors: countOrNone
      .default(0)
      .describe('The same for every 5xx; 0 switches it off. Istio’s own default, when left out there, is 5.'),
    interval: duration.describe('How often instances are judged.'),
    baseEjection: duration.describe('Shortest time out; it grows with each ejection.'),
    maxEjectionPercent: percent,
    minHealthPercent: percent.describe('Below this share of healthy instances nothing is ejected any more.'),
  })
  .transform(rename({ interval: 'intervalMs', baseEjection: 'baseEjectionMs' }));

/** How the service mesh routes to the daemons and when it cuts an instance off. */
export const mesh = z.strictObject({
  routes: z.array(route).default([]),
  breakers: mapOf(breaker).describe('By daemon.'),
});
