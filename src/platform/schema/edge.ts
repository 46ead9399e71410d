import { z } from 'zod';
import { chosen, name, text } from './names.ts';

/** What stands between the internet and the gateways. */
export const edge = z.strictObject({
  cdn: chosen.exactOptional(),
  dns: chosen.exactOptional(),
  loadBalancer: z
    .strictObject({
      steering: z
        .enum(['geodns', 'anycast'])
        .describe('What picks the region; the other, if used, only carries packets.'),
      anycastAddresses: z.boolean().default(false),
      healthChecks: z.boolean(),
      failover: z.boolean(),
    })
    .exactOptional(),
  waf: z
    .strictObject({ ddosProtection: z.boolean(), rateLimiting: z.boolean(), geoBlocking: z.boolean() })
    .exactOptional(),
  order: z
    .array(z.enum(['cdn', 'load-balancer', 'waf']))
    .default([])
    .describe('The way of a request, outermost first.'),
});

/** The broker between the billing daemons and the store, and the registry of its message schemas. */
export const messaging = z.strictObject({
  broker: chosen,
  schemaRegistry: z.boolean().default(false),
  producers: z.array(name).default([]),
  consumers: z.array(name).default([]),
  sink: text.exactOptional().describe('Where the consumers write.'),
});

/** Where daemons find each other. */
export const serviceDiscovery = z.strictObject({ ...chosen.shape, clients: z.array(name).default([]) });
