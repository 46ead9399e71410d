import type { RunInput } from '../protocol.ts';
import type { RegionEdge } from './edge.ts';

/** The steps of its runs, in the order in which they first take place. */
export const rolloutSteps = [
  'make-vpc',
  'attach-gateway',
  'make-groups',
  'set-rules',
  'make-subnets',
  'make-nat',
  'make-routes',
  'apply-component',
  'component-ready',
  'metrics-clock',
  'metrics-hold',
  'make-target-group',
  'make-load-balancer',
  'make-listener',
  'attach-web-acl',
  'make-health-check',
  'set-edge-records',
  'edge-served',
] as const;

/** The input of a run that brings one region up, or to what the platform file says. */
export type RegionRolloutInput = RunInput & {
  /** As `rollout.regions` of the platform file names it. */
  region: string;
  /** Only the network and the components up to this wave; all of them unless given. */
  throughWave?: number;
  /** Also take in the hosts of the region's pools, each pool by a run of `host.fleet-onboard`. */
  withHosts?: boolean;
};

/** How packets leave a segment: to the internet itself, by the zone's NAT gateway, or not at all. */
export type RegionOutlet = 'internet' | 'nat' | 'none';

export type RegionVpc = { region: string; cidr: string };
export type RegionSubnet = { segment: string; cidr: string; outlet: RegionOutlet };
export type RegionZone = {
  region: string;
  zone: string;
  subnets: readonly RegionSubnet[];
  /** The segment that its NAT gateway stands in, where some segment needs one. */
  natIn?: string;
};

/** A security group for each member of a segment. */
export type RegionGroup = { name: string; description: string };
/** One permission of a group: TCP ports from, or to, another group or a range. */
export type RegionRule = {
  group: string;
  direction: 'in' | 'out';
  fromPort: number;
  toPort: number;
  peer: { group: string } | { cidr: string };
};
export type RegionGroups = { region: string; groups: readonly RegionGroup[] };
export type RegionRules = RegionGroups & { rules: readonly RegionRule[] };

/** A component as it was planned: `digest` is of its objects as they were rendered for the region. */
export type RegionComponent = {
  region: string;
  component: string;
  digest: string;
  /** `Kind/name` of its objects, in the order in which they are applied. */
  objects: readonly string[];
};

/** `lookForMs`: how long one look waits for it to be ready. */
export type RegionGate = RegionComponent & { lookForMs: number };

/** What a metric of a component must say: every series within the bounds, resting on samples of the last `freshnessMs`. */
export type RegionMetric = {
  name: string;
  query: string;
  /** The metrics that the query is made of, as it selects them. */
  selectors: readonly string[];
  min?: number;
  max?: number;
  /** For so long. */
  holdsForMs: number;
  freshnessMs: number;
};

/** `sinceMs`: when the component was ready, by the clock of Prometheus; nothing older is gone by. */
export type RegionMetrics = {
  region: string;
  component: string;
  metrics: readonly RegionMetric[];
  sinceMs?: number;
};

/** What a plan shows of one component. */
export type PlannedComponent = RegionComponent & {
  after: readonly string[];
  readyWithinMs: number;
  /** Where it has gates of metrics. */
  metrics?: { of: readonly RegionMetric[]; withinMs: number };
};

/** The hosts of one zone and class, by serial number. */
export type RegionPool = { zone: string; class: string; serials: readonly string[] };
/** A store that stands in the region: a ClickHouse cluster or a Redis group, by its name. */
export type RegionStore = { store: 'clickhouse' | 'redis'; name: string };
/** What a plan shows of the edge: `servedWithinMs` is the time of its gate. */
export type PlannedEdge = RegionEdge & { servedWithinMs: number };

/** What a run is carried out from. */
export type RegionRolloutData = {
  region: string;
  vpc: RegionVpc;
  zones: readonly RegionZone[];
  groups: readonly RegionGroup[];
  rules: readonly RegionRule[];
  components: readonly PlannedComponent[];
  /** The hosts that are taken in after the components; none unless the input asks for them. */
  pools: readonly RegionPool[];
  /** The stores that must be healthy before the edge, and within what time; left out where none stands in the region, or some wave is the last. */
  stores?: { of: readonly RegionStore[]; withinMs: number };
  /** Where the region has one. */
  edge?: PlannedEdge;
};
