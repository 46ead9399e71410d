import { z } from 'zod';
import { kubernetesAccess } from '../host/schema.ts';
import { count, mapOf, name, text, url } from '../schema/names.ts';
import { duration, rename } from '../schema/units.ts';
import { parseCidr } from './cidr.ts';
import { awsCredentials, regionEdge } from './edge.ts';
import { metricGate, prometheusAccess } from './metrics.ts';
import { isPlaceholderDigest, parseImage, pinnedPattern } from './image.ts';

const cidr = z.string().refine((value) => parseCidr(value) !== undefined, {
  error: 'a range of IPv4 addresses without bits beyond its prefix, such as 10.20.0.0/16',
});

/** AWS takes networks and subnets of /16 to /28. */
const awsCidr = cidr.refine((value) => Number(value.split('/')[1]) >= 16 && Number(value.split('/')[1]) <= 28, {
  error: 'AWS takes a prefix of /16 to /28',
});

const ec2 = z
  .strictObject({
    endpoint: url.exactOptional().describe('AWS’s own of the region unless given.'),
    credentials: awsCredentials.exactOptional(),
  })
  .describe('The account that holds the network of the region.');

/** Of the gate of a store, unless the file says otherwise. Milliseconds. */
const storesWithinMs = 600_000;

const region = z
  .strictObject({
    cidr: awsCidr.describe('Of its VPC. No two regions share an address: they will be connected.'),
    zones: mapOf(mapOf(awsCidr)).describe('By zone, the range of each network segment in it.'),
    ec2: ec2.prefault({}),
    kubernetes: kubernetesAccess.exactOptional().describe('The API that its components are applied to.'),
    prometheus: prometheusAccess.exactOptional().describe('What the gates of metrics ask.'),
    edge: regionEdge
      .exactOptional()
      .describe('What of it is seen from outside: a load balancer, and DNS records at weight 0. Left out: nothing is.'),
    storesWithin: duration
      .default(storesWithinMs)
      .describe(
        'The gates of the Redis groups and ClickHouse clusters that stand in it are failed, or inconclusive, after this time.',
      ),
    patches: mapOf(z.record(z.string(), z.record(z.string(), z.json()))).describe(
      'By component and `Kind/name`: a merge patch (RFC 7386) for what is different in this region.',
    ),
  })
  .transform(rename({ storesWithin: 'storesWithinMs' }));

/** The layers of the platform’s drawings. */
export const layers = [
  'edge',
  'gateway',
  'app',
  'message',
  'data',
  'compute',
  'network',
  'storage',
  'regions',
  'mesh',
  'monitoring',
  'logging',
] as const;

/** Of the gate of a component's metrics, unless the file says otherwise. Milliseconds. */
export const metricsWithinMs = 600_000;

const component = z
  .strictObject({
    layer: z.enum(layers),
    manifest: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]*\.yaml$/, { error: 'a file of the catalogue, such as gatewayd.yaml' })
      .exactOptional()
      .describe('Its Kubernetes objects, a file of the catalogue.'),
    external: text.exactOptional().describe('It is no part of a rollout: who or what operates it.'),
    after: z.array(name).default([]).describe('Components that must be ready before it is applied.'),
    wave: count.default(1).describe('It begins when every component of the earlier waves is ready.'),
    regions: z.array(name).min(1).exactOptional().describe('All that take part in rollouts unless given.'),
    readyWithin: duration.default(600_000).describe('Its gate is failed, or inconclusive, after this time.'),
    metrics: z
      .record(name, metricGate)
      .exactOptional()
      .describe('What its metrics must say once it is ready, before anything that comes after it begins.'),
    metricsWithin: duration.exactOptional().describe('The time of the gate of its metrics; 10m unless given.'),
  })
  .refine(({ manifest, external }) => (manifest === undefined) !== (external === undefined), {
    error: 'a component has either a manifest or, being external, who operates it',
  })
  .refine(({ manifest, metrics }) => manifest !== undefined || metrics === undefined, {
    error: 'only a component with a manifest has a gate of metrics: of what is external no run knows when it is ready',
  })
  .refine(({ metrics = {}, metricsWithin = metricsWithinMs }) => longest(metrics) < metricsWithin, {
    error: 'metricsWithin must be longer than each holdsFor: it begins when the component is ready',
  })
  .transform(rename({ readyWithin: 'readyWithinMs', metricsWithin: 'metricsWithinMs' }));

/** One that is malformed itself has no such time, and its own problem. */
function longest(metrics: Readonly<Record<string, { holdsForMs?: number }>>): number {
  return Math.max(0, ...Object.values(metrics).map(({ holdsForMs = 0 }) => holdsForMs));
}

const image = z
  .string()
  .regex(pinnedPattern, {
    error:
      'an image pinned by its digest, name@sha256:… or name:tag@sha256:…: a tag can be moved. `gantry platform pin` resolves name:tag',
    abort: true,
  })
  .refine((text) => !isPlaceholderDigest(parseImage(text)?.digest ?? ''), {
    error: 'a digest that names an image: this is a placeholder. `gantry platform pin` resolves name:tag',
  });

/** What a region is made of: addresses by zone and segment, and the components that are applied in it, by their graph. */
export const rollout = z.strictObject({
  catalogue: text
    .default('deploy/platform')
    .describe('The folder with the manifests of the components, relative to this file.'),
  reserved: mapOf(cidr).describe('Ranges that hosts use inside, or that other networks have: no region may take them.'),
  images: mapOf(image).describe(
    'By the name that a manifest asks for. `gantry platform pin` resolves each tag in its registry and writes the digest beside it.',
  ),
  regions: mapOf(region),
  components: mapOf(component),
});

export type Rollout = z.output<typeof rollout>;
export type RolloutRegion = z.output<typeof region>;
export type RolloutComponent = z.output<typeof component>;
