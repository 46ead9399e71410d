import { z } from 'zod';
import { machine } from './machine.ts';
import { count, countOrNone, mapOf, name, port, text } from './names.ts';

/** How a daemon shows that it lives. `rpc`: a cheap call, where the daemon has no such path. */
const check = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('http'), port, path: z.string().startsWith('/') }),
  z.strictObject({ by: z.literal('rpc'), port, method: text, expect: text.describe('The answer that means ready.') }),
]);

const needs = z.strictObject({
  capabilities: z
    .array(z.string().regex(/^(?!CAP_)[A-Z_]+$/, { error: 'a capability as Kubernetes spells it: SYS_ADMIN, no CAP_' }))
    .default([]),
  paths: z.array(z.string().startsWith('/')).default([]).describe('Directories, devices and sockets of the host.'),
  remarks: z.array(text).default([]),
});

const daemon = z.strictObject({
  purpose: text,
  segment: name.describe('Network segment that it is in.'),
  instances: z.strictObject({
    min: countOrNone,
    planned: count.exactOptional().describe('How many the design draws.'),
    mode: z.enum(['active-active', 'leader-follower', 'independent']),
    spread: z.enum(['zones', 'every-vm-host', 'any']).default('any'),
  }),
  loadBalancer: name.exactOptional().describe('Internal balancer in front of it.'),
  apiPort: port.exactOptional(),
  metricsPort: port.exactOptional().describe('Bound to 127.0.0.1 unless the daemon is told otherwise.'),
  liveness: check.exactOptional(),
  readiness: check.exactOptional(),
  machine: machine.exactOptional(),
  scaling: z
    .strictObject({ horizontal: text.exactOptional(), maxCpus: count.exactOptional() })
    .exactOptional()
    .describe('How it grows: more instances on a signal, or a bigger machine.'),
  needs: needs.prefault({}),
  dependsOn: z.array(name).default([]).describe('Daemons that must answer before this one is started.'),
});

/** The platform's own daemons by name. */
export const daemons = mapOf(daemon);
