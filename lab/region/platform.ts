import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { labEc2Login } from '../ec2/ec2.ts';
import type { ExampleEdge, LabEdge } from './edge.ts';
import type { LabRegions } from './region.ts';

/** The platform of the example, whose regions are the lab's. */
export type LabRegionPlatform = {
  stateDir: string;
  regions: readonly string[];
  lab: Pick<LabRegions, 'ec2' | 'cluster'>;
  /** By component, what is said of it instead; `null` leaves it out. */
  components?: Readonly<Record<string, object | null>>;
  /** Beside the platform file, or absolute; the shipped one unless given. */
  catalogue?: string;
  policies?: object;
  schedules?: object;
  reportFolder?: string;
  /** By region; those that are not named have no edge. */
  edges?: Readonly<Record<string, object>>;
};

const root = fileURLToPath(new URL('../..', import.meta.url));

type Example = {
  version: number;
  regions: Record<string, unknown>;
  network: unknown;
  kubernetes: { namespace: string };
  rollout: {
    reserved: unknown;
    regions: Record<string, { cidr: string; zones: unknown; edge?: ExampleEdge }>;
    components: Record<string, { regions?: string[]; after?: string[]; manifest?: string }>;
  };
};

/** What workers of the lab's regions find in their environment. */
export function labRegionEnv({ cluster }: Pick<LabRegions, 'cluster'>, regions: readonly string[]) {
  return {
    LAB_EC2_ID: labEc2Login.accessKeyId,
    LAB_EC2_SECRET: labEc2Login.secretAccessKey,
    ...Object.fromEntries(regions.map((region) => [tokenVariable(region), cluster(region).token('admin')])),
  };
}

/** `LAB_TOKEN_US_EAST_1`. */
function tokenVariable(region: string): string {
  return `LAB_TOKEN_${region.toUpperCase().replaceAll(/\W/g, '_')}`;
}

/** Istio's kinds, which the lab's API servers do not have. */
const withoutIstio = { 'mesh-routes': { layer: 'mesh', external: 'not on the lab: its API servers have no Istio' } };

/** Writes `platform.yaml` under the state folder. JSON is YAML, and comes with its quoting right. */
export function writeRegionPlatform(options: LabRegionPlatform): { path: string; reportFolder: string } {
  const { stateDir, regions, lab, policies, schedules, edges = {} } = options;
  const { reportFolder = join(stateDir, 'reports'), catalogue = join(root, 'deploy', 'platform') } = options;
  const example = readExample();
  const { version, network, kubernetes, rollout } = example;
  const components = Object.entries({ ...rollout.components, ...withoutIstio, ...options.components }).flatMap(
    ([name, one]) => (one === null ? [] : [[name, only(one, regions)] as const]),
  );
  const platform = {
    ...{ version, name: 'lab', network, kubernetes: { namespace: kubernetes.namespace } },
    regions: Object.fromEntries(regions.map((region) => [region, example.regions[region]])),
    rollout: {
      ...{ catalogue, reserved: rollout.reserved, images: images(components.map(([, one]) => one)) },
      regions: Object.fromEntries(
        regions.map((region) => [
          region,
          {
            ...{ cidr: rollout.regions[region]?.cidr, zones: rollout.regions[region]?.zones },
            ec2: {
              endpoint: lab.ec2.endpoint,
              credentials: { accessKeyId: { env: 'LAB_EC2_ID' }, secretAccessKey: { env: 'LAB_EC2_SECRET' } },
            },
            kubernetes: {
              api: lab.cluster(region).url,
              ca: authority(stateDir, region, lab.cluster(region).ca),
              token: { env: tokenVariable(region) },
            },
            ...(edges[region] ? { edge: edges[region] } : {}),
          },
        ]),
      ),
      components: Object.fromEntries(components),
    },
    ...(policies === undefined ? {} : { policies }),
    ...(schedules === undefined ? {} : { schedules }),
    reports: { folder: reportFolder, evidence: join(reportFolder, 'evidence') },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
  const path = join(stateDir, 'platform.yaml');
  writeFileSync(path, `${JSON.stringify(platform, null, 2)}\n`);
  return { path, reportFolder };
}

function readExample(): Example {
  return parse(readFileSync(join(root, 'platform.example.yaml'), 'utf8')) as Example;
}

/** The edges of these regions as the example has them, on the lab. */
export async function labEdges(edge: LabEdge, regions: readonly string[]): Promise<Record<string, object>> {
  const { rollout } = readExample();
  const edges: Record<string, object> = {};
  for (const region of regions) {
    const own = rollout.regions[region]?.edge;
    if (own) edges[region] = await edge.of(region, own);
  }
  return edges;
}

/** Of the regions that a component names, those of the lab. */
function only<T extends object>(component: T, regions: readonly string[]): T {
  const { regions: named } = component as { regions?: readonly string[] };
  if (named === undefined) return component;
  const left = named.filter((region) => regions.includes(region));
  return { ...component, regions: left };
}

/** No registry has these: kwok pulls nothing. By the names that the manifests of the shipped catalogue ask for. */
function images(components: readonly object[]): Record<string, string> {
  const names = components.flatMap((one) => {
    const { manifest } = one as { manifest?: string };
    return manifest === undefined ? [] : [manifest.replace(/\.yaml$/, '')];
  });
  return Object.fromEntries(names.map((name) => [name, `registry.example/${name}@sha256:${'0'.repeat(63)}1`]));
}

function authority(stateDir: string, region: string, pem: string): string {
  const path = join(stateDir, `kubernetes-${region}.pem`);
  writeFileSync(path, pem);
  return path;
}
