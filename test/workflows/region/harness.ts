import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { RegionDeps, RegionIntent } from '../../../activities/region/index.ts';
import { regionDefinitions } from '../../../activities/region/index.ts';
import { patience } from '../../../lab/clock.ts';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import type { KubeNode, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import { dnsQuestions } from '../../../src/drivers/dns/index.ts';
import { connectEc2 } from '../../../src/drivers/ec2/index.ts';
import { connectElb } from '../../../src/drivers/elb/index.ts';
import { connectPrometheus } from '../../../src/drivers/prometheus/index.ts';
import { connectRoute53 } from '../../../src/drivers/route53/index.ts';
import { connectAcm } from '../../../src/drivers/acm/index.ts';
import { connectWaf } from '../../../src/drivers/waf/index.ts';
import type { RolloutEdge } from '../../../src/platform/index.ts';
import { parsePlatform, rolloutRegion } from '../../../src/platform/index.ts';
import type { RegionRetireInput, RegionRolloutAllInput, RegionRolloutInput } from '../../../src/runs/index.ts';
import { serve } from '../../../src/steps/index.ts';
import { startDomainWorkers } from '../../support/domain-workers.ts';
import { oneDigest } from '../../support/one-digest.ts';
import type { TestServer } from '../../support/temporal.ts';
import type { World } from '../run/world.ts';
import { createWorld, testPolicy } from '../run/world.ts';

const file = 'platform.example.yaml';
const { platform } = parsePlatform(readFileSync(file, 'utf8'), file);
export const owner = platform.name;

const images = [
  ...['alertmanager', 'assetmanagerd', 'billaged', 'billing-aggregator', 'builderd', 'consul', 'elasticsearch'],
  ...['fluent-bit', 'gatewayd', 'grafana', 'influxdb', 'kafka', 'kibana', 'logstash', 'metald', 'otel-collector'],
  ...['prometheus', 'schema-registry', 'thanos', 'vector'],
];
/** No registry has these: the played cluster pulls nothing. */
export const pinned: Readonly<Record<string, string>> = Object.fromEntries(
  images.map((name) => [name, `registry.example/${name}@sha256:${'0'.repeat(63)}1`]),
);

/** What the example says of a region. `only`: with these components alone, after what of them they come after. */
export function intentOf(region: string, only?: readonly string[]): RegionIntent {
  const { rollout, network } = platform;
  const config = { ...rolloutRegion(platform, region) };
  // Tests of the edge bring one along.
  delete config.edge;
  const components = Object.entries(rollout.components)
    .filter(([name, { regions }]) => (regions?.includes(region) ?? true) && (only?.includes(name) ?? true))
    .map(([name, one]) => [name, { ...one, readyWithinMs: 400 }] as const);
  return {
    config,
    network,
    components: Object.fromEntries(components),
    images: pinned,
    namespace: 'unkey-deploy',
    pools: [],
    stores: [],
  };
}

/** Of its network only what an edge stands in: moto needs tens of milliseconds for every subnet and every rule, again and again. */
export function smallNetwork(intent: RegionIntent): RegionIntent {
  const keep = ['public', 'dmz'];
  const kept = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).filter(([segment]) => keep.includes(segment)));
  const { segments, flows, entries } = intent.network;
  const zones = Object.entries(intent.config.zones).map(([zone, cidrs]) => [zone, kept(cidrs)] as const);
  return {
    ...intent,
    config: { ...intent.config, zones: Object.fromEntries(zones) },
    network: {
      segments: kept(segments),
      flows: flows.filter(({ from, to }) => keep.includes(from) && keep.includes(to)),
      entries,
    },
  };
}

export function manifestOf(name: string): Promise<string> {
  return readFile(`deploy/platform/${name}`, 'utf8');
}

/** The edge that the example gives a region, with a hosted zone, a web ACL, a certificate and a name server of the lab. */
export function edgeOf(
  region: string,
  lab: { zone: string; webAcl?: string; certificate?: string; server: string },
): RolloutEdge {
  const { edge } = rolloutRegion(platform, region);
  if (!edge) throw new Error(`the example gives ${region} no edge`);
  const own = structuredClone(edge);
  // Where the lab gives none, it speaks HTTP: moto has no certificate of the example's ARN.
  delete own.balancer.certificate;
  if (lab.certificate !== undefined) own.balancer.certificate = lab.certificate;
  delete own.webAcl;
  if (lab.webAcl !== undefined) own.webAcl = lab.webAcl;
  own.servedWithinMs = 100 * patience;
  own.dns = { ...own.dns, zone: lab.zone, authority: [lab.server] };
  return own;
}

/** What a test puts in the place of the example and of the cluster. */
export type Scene = {
  endpoint: string;
  cluster: KubernetesObjects;
  intent: (region: string) => RegionIntent;
  /** The address of the Prometheus of every region. */
  prometheus?: string;
  /** The name server in the place of every resolver. */
  resolver?: string;
  /** Hosts of the inventory, and which of their Nodes are there; none unless given. */
  hosts?: readonly { serial: string; node: string; there?: boolean; unschedulable?: boolean }[];
  /** Where the platform file says that stores stand in the region. */
  uses?: readonly string[];
};

export function depsOf(scene: Scene): RegionDeps {
  return {
    owner,
    regions: () => Object.keys(platform.rollout.regions),
    intent: (region) => scene.intent(region),
    ec2: (region, options) =>
      connectEc2({ region, endpoint: scene.endpoint }, labEc2Login, { firstPauseMs: 5, ...options }),
    edge: (region, options) => {
      const [at, sent] = [
        { region, endpoint: scene.endpoint },
        { firstPauseMs: 5, ...options },
      ];
      const [elb, waf] = [connectElb(at, labEc2Login, sent), connectWaf(at, labEc2Login, sent)];
      const [acm, route53] = [connectAcm(at, labEc2Login, sent), connectRoute53(at, labEc2Login, sent)];
      const resolvers = scene.resolver === undefined ? {} : { resolvers: [scene.resolver] };
      const dns = dnsQuestions({ timeoutMs: 100 * patience, signal: options.signal, ...resolvers });
      return { acm, elb, waf, route53, dns, close: () => [acm, elb, waf, route53].forEach((one) => one.close()) };
    },
    cluster: () => scene.cluster,
    prometheus: (_region, signal) =>
      scene.prometheus === undefined ? undefined : connectPrometheus({ url: scene.prometheus }, { signal }),
    hosts: () => scene.hosts ?? [],
    nodes: () => ({
      get: (name) => {
        const found = (scene.hosts ?? []).find(({ node, there }) => node === name && there);
        return Promise.resolve(found && playedNode(name, found.unschedulable ?? false));
      },
    }),
    uses: () => scene.uses ?? [],
    manifest: manifestOf,
  };
}

function playedNode(name: string, unschedulable: boolean): KubeNode {
  const none = { labels: {}, annotations: {}, taints: [] };
  return { name, uid: name, resourceVersion: '1', ...none, unschedulable, ready: 'True' };
}

/** A world whose steps have time: moto is one process of Python, and took 20 s for what takes 2 beside a load of 12 on 2 cores. */
export function regionWorld(): World {
  const profile = { ...testPolicy().profiles.quick, startToCloseMs: 600_000, heartbeatMs: 60_000 };
  return createWorld({
    policy: testPolicy({ profiles: { quick: profile, slow: profile, watched: profile, patient: profile } }),
  });
}

/** The real workflow and steps, over moto and a cluster in memory. `scene` is read with each call of an activity. */
export async function startRegionHarness(
  server: Pick<TestServer, 'client' | 'native'>,
  world: World,
  scene: { now: Scene },
) {
  const names = Object.keys(regionDefinitions);
  const { client, taskQueue, ...workers } = await startDomainWorkers(server, world, 'region', names, () =>
    serve(regionDefinitions, depsOf(scene.now), oneDigest(world.platformDigest, world.payloads)),
  );
  let started = 0;
  return {
    ...workers,
    client,
    taskQueue,
    start: (region: string, change: Partial<RegionRolloutInput> = {}): Promise<WorkflowHandle> =>
      client.workflow.start('regionRollout', {
        workflowId: change.dryRun ? `dry-run/region.rollout/${region}/${(started += 1)}` : `region/${region}`,
        taskQueue,
        args: [{ region, ...change }],
      }),
    startAll: (change: Partial<RegionRolloutAllInput> = {}): Promise<WorkflowHandle> =>
      client.workflow.start('regionRolloutAll', {
        workflowId: change.dryRun ? `dry-run/region.rollout-all/${(started += 1)}` : 'region/all',
        taskQueue,
        args: [{ regions: 'all', ...change }],
      }),
    startRetire: (region: string, change: Partial<RegionRetireInput> = {}): Promise<WorkflowHandle> =>
      client.workflow.start('regionRetire', {
        workflowId: change.dryRun ? `dry-run/region.retire/${region}/${(started += 1)}` : `region/${region}`,
        taskQueue,
        args: [{ region, ...change }],
      }),
    startDrift: (region: string): Promise<WorkflowHandle> =>
      client.workflow.start('regionDrift', { workflowId: `region/${region}`, taskQueue, args: [{ region }] }),
  };
}

export type RegionHarness = Awaited<ReturnType<typeof startRegionHarness>>;
