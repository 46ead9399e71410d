import type { RunInput } from '../protocol.ts';
import type { RegionEdge } from './edge.ts';
import type { RegionVpc, RegionZone } from './rollout.ts';

/** The steps of its runs, in the order in which they first take place. */
export const retireSteps = [
  'remove-edge-records',
  'remove-health-check',
  'remove-listener',
  'detach-web-acl',
  'remove-load-balancer',
  'remove-target-group',
  'remove-component',
  'remove-claims',
  'remove-namespace',
  'network-unused',
  'remove-routes',
  'remove-nat',
  'remove-subnets',
  'remove-groups',
  'remove-gateway',
  'remove-vpc',
] as const;

/** The input of a run that takes a region away again. */
export type RegionRetireInput = RunInput & {
  /** As `rollout.regions` of the platform file names it. */
  region: string;
  /** Also what holds data, after an approval of its own: stateful sets, volume claims, the namespace, and the network under them. */
  withData?: boolean;
};

/** What each approval is about: the edge; what holds no data; what holds data. */
export type RetireStage = 'edge' | 'components' | 'data';

/** What the planner of a retirement is asked: the retirement itself, or what comes after its edge. */
export type RegionRetireQuestion = RegionRetireInput & { at?: { stage: Exclude<RetireStage, 'edge'> } };

/** An object of the cluster as the plan saw it: `content` is a digest of what a client can have written in it. */
export type RetiredObject = {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
  uid: string;
  content: string;
};

/** What is there of a component. `digest`: of what its manifests say. */
export type RetiredComponent = {
  region: string;
  component: string;
  digest: string;
  objects: readonly RetiredObject[];
  /** Of those that the same approval covers, which have to be gone before. */
  after: readonly string[];
};

/** The volume claims of a component. */
export type RetiredClaims = { region: string; component: string; claims: readonly RetiredObject[] };
/** A namespace; it goes if nothing of another client is in it. */
export type RetiredNamespace = { region: string; namespace: RetiredObject };

/** What is there of a network, by its tags. */
export type RetiredNetwork = { vpc: RegionVpc & { id: string | null }; zones: readonly RegionZone[] };

/** What one stage of a run is carried out from. */
export type RegionRetireData = {
  region: string;
  stage: RetireStage;
  /** Where something of it is there. */
  edge?: RegionEdge;
  /** In the order in which they go. */
  components: readonly RetiredComponent[];
  claims: readonly RetiredClaims[];
  namespaces: readonly RetiredNamespace[];
  /** What holds data, or may, and stays. */
  kept: readonly string[];
  network?: RetiredNetwork;
};
