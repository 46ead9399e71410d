import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import type { LabEc2 } from '../../../lab/ec2/ec2.ts';
import type { RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { sweptPolicy } from '../clickhouse/settings.ts';

export const namespace = 'default';

const regions = ['us-west-2', 'us-west-1', 'ca-central-1', 'eu-central-1', 'eu-west-3', 'eu-north-1'] as const;

/** Each lane (`lane-2`) brings another region up: the region is the lock of a run. */
export function regionOf(lane: string): string {
  const region = regions[Number(lane.split('-').at(-1)) - 1];
  if (region === undefined) throw new RangeError(`there is no region for ${lane}: at most ${regions.length} lanes`);
  return region;
}

const image = (name: string): string => `registry.example/${name}@sha256:${'0'.repeat(63)}1`;

/** What Gantry applies where there is a cluster: `gateway` after `collector` after `settings`. */
const applied = {
  settings: { layer: 'app', manifest: 'settings.yaml' },
  collector: { layer: 'app', manifest: 'collector.yaml', after: ['settings'] },
  gateway: { layer: 'app', manifest: 'gateway.yaml', after: ['collector'] },
};

/** The objects of these components, as the API has their paths. */
export const paths: readonly string[] = [
  `/api/v1/namespaces/${namespace}/configmaps/settings`,
  ...['collector', 'gateway'].flatMap((name) => [
    `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    `/api/v1/namespaces/${namespace}/services/${name}`,
  ]),
];

export const balancerName = 'swept';
export const zoneName = 'swept.example';

/** In DNS; nothing leads to the group, so that no member of it serves. */
export function namesOf(region: string): { name: string; group: string; geoAlias: string } {
  return { name: `${region}.api.${zoneName}`, group: `one.api.${zoneName}`, geoAlias: `api.${zoneName}` };
}

/** A small region: two segments in one zone, of which one has a way out through NAT, and an edge. */
export function writeSweptPlatform(
  stateDir: string,
  region: string,
  lab: { ec2: LabEc2; kubernetes: RunningKubernetes | undefined; edge: { zone: string; server: string } },
): { platformFile: string; env: Record<string, string> } {
  const { ec2, kubernetes, edge } = lab;
  const zone = `${region}a`;
  const caFile = join(stateDir, 'kubernetes.pem');
  if (kubernetes) writeFileSync(caFile, kubernetes.ca);
  const platform = {
    ...{ version: 1, name: 'swept', regions: { [region]: { zones: { [zone]: { runs: [] } } } } },
    kubernetes: { namespace },
    network: {
      segments: { public: { members: ['balancers', 'nat-gateways'] }, app: { members: ['services'] } },
      flows: [
        { from: 'public', source: 'balancers', to: 'app', target: 'services', ports: [8080] },
        { from: 'app', source: 'services', to: 'public', target: 'nat-gateways', ports: [443] },
      ],
      entries: [{ to: 'public', target: 'balancers', sources: ['0.0.0.0/0'], ports: [443] }],
    },
    rollout: {
      catalogue: fileURLToPath(new URL('./catalogue', import.meta.url)),
      images: { collector: image('collector'), gateway: image('gateway') },
      regions: {
        [region]: {
          ...{ cidr: '10.90.0.0/16', zones: { [zone]: { public: '10.90.0.0/24', app: '10.90.1.0/24' } } },
          ec2: {
            endpoint: ec2.endpoint,
            credentials: { accessKeyId: { env: 'LAB_EC2_ID' }, secretAccessKey: { env: 'LAB_EC2_SECRET' } },
          },
          edge: {
            endpoint: ec2.endpoint,
            balancer: { name: balancerName, type: 'network', segment: 'public', member: 'balancers' },
            targets: { segment: 'app', member: 'services', port: 8080 },
            healthCheck: {},
            dns: { zone: edge.zone, ...namesOf(region), authority: [edge.server], resolvers: [edge.server] },
          },
          ...(kubernetes ? { kubernetes: { api: kubernetes.url, ca: caFile, token: { env: 'LAB_TOKEN' } } } : {}),
        },
      },
      components: kubernetes ? applied : { later: { layer: 'app', external: 'no cluster here' } },
    },
    policies: { default: sweptPolicy },
    reports: { folder: join(stateDir, 'reports'), evidence: join(stateDir, 'reports', 'evidence') },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
  const platformFile = join(stateDir, 'platform.yaml');
  writeFileSync(platformFile, JSON.stringify(platform, null, 2));
  const env = {
    ...{ LAB_EC2_ID: labEc2Login.accessKeyId, LAB_EC2_SECRET: labEc2Login.secretAccessKey },
    ...(kubernetes ? { LAB_TOKEN: kubernetes.token('admin') } : {}),
    GANTRY_STATE_DIR: join(stateDir, 'workers'),
  };
  return { platformFile, env };
}
