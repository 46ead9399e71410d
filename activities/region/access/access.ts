import type { Acm } from '../../../src/drivers/acm/index.ts';
import type { Dns } from '../../../src/drivers/dns/index.ts';
import type { Ec2 } from '../../../src/drivers/ec2/index.ts';
import type { Elb } from '../../../src/drivers/elb/index.ts';
import type { KubernetesNodes, KubernetesObjects } from '../../../src/drivers/kubernetes/index.ts';
import type { Prometheus } from '../../../src/drivers/prometheus/index.ts';
import type { RegionPool, RegionStore } from '../../../src/runs/index.ts';
import type { Route53 } from '../../../src/drivers/route53/index.ts';
import type { Waf } from '../../../src/drivers/waf/index.ts';
import type { Network, RolloutComponent, RolloutRegion } from '../../../src/platform/index.ts';

/** What the platform file says of one region, and of what its components are made of. */
export type RegionIntent = {
  config: RolloutRegion;
  network: Network;
  components: Readonly<Record<string, RolloutComponent>>;
  images: Readonly<Record<string, string>>;
  /** Of Kubernetes, where the manifests say `${namespace}`. */
  namespace: string;
  /** The hosts of its zones. */
  pools: readonly RegionPool[];
  /** The ClickHouse clusters and Redis groups that stand in it. */
  stores: readonly RegionStore[];
};

/** How a call is made: it ends with the step, and nothing is changed that a woken zombie must not change. */
export type CallOptions = { signal: AbortSignal; beforeChange?: () => void };

/** What the edge of a region is made in, and what its names are asked of. */
export type EdgeAccess = { acm: Acm; elb: Elb; waf: Waf; route53: Route53; dns: Dns; close: () => void };

/** What every step of a region is given. */
export type RegionDeps = {
  /** The platform's name: whose everything is that carries it as a tag. */
  owner: string;
  /** The names of all regions, in the order of the file. */
  regions: () => readonly string[];
  /** @throws REGION_UNKNOWN */
  intent: (region: string) => RegionIntent;
  /** The account that holds the region's network. The caller closes it. @throws REGION_UNKNOWN, SECRET_NOT_FOUND */
  ec2: (region: string, options: CallOptions) => Ec2;
  /** The caller closes it. @throws REGION_UNKNOWN, SECRET_NOT_FOUND */
  edge: (region: string, options: CallOptions) => EdgeAccess;
  /** The cluster of the region; nothing where the file names none. @throws REGION_UNKNOWN, SECRET_NOT_FOUND */
  cluster: (region: string, signal: AbortSignal) => KubernetesObjects | undefined;
  /** What the gates of metrics ask; nothing where the file names none. @throws REGION_UNKNOWN, SECRET_NOT_FOUND */
  prometheus: (region: string, signal: AbortSignal) => Prometheus | undefined;
  /** The hosts of the inventory in its zones, with the names of their Nodes. */
  hosts: (region: string) => readonly { serial: string; node: string }[];
  /** The Nodes of its hosts; nothing where the file names no API for them. @throws SECRET_NOT_FOUND */
  nodes: (region: string, signal: AbortSignal) => Pick<KubernetesNodes, 'get'> | undefined;
  /** The places of the platform file that say that a store stands in the region, or has a copy there. */
  uses: (region: string) => readonly string[];
  /** The text of a file of the catalogue. @throws REGION_MANIFEST_INVALID */
  manifest: (file: string) => Promise<string>;
};
