import type { AwsTags } from '../aws/index.ts';

/** `application` speaks HTTP and may have a web ACL; `network` passes connections on. */
export type BalancerKind = 'application' | 'network';

export type LoadBalancer = {
  /** Its ARN. */
  id: string;
  name: string;
  kind: string;
  scheme: string;
  /** `provisioning`, `active`, `active_impaired` or `failed`. */
  state: string;
  /** Its addresses are found under this name, and an alias record points to it, by this hosted zone of AWS. */
  dnsName: string;
  zoneId: string;
  vpcId: string;
  subnets: readonly string[];
  groups: readonly string[];
  tags: AwsTags;
};

/** Where a load balancer sends what it takes: addresses, on one port. */
export type TargetGroup = {
  id: string;
  name: string;
  protocol: string;
  port: number;
  targetType: string;
  vpcId: string;
  /** How a target is asked whether it is healthy; a path with HTTP alone. */
  health: { protocol: string; path?: string };
  tags: AwsTags;
};

export type Listener = {
  id: string;
  protocol: string;
  port: number;
  certificates: readonly string[];
  /** What it forwards to; nothing where it does something else, or splits. */
  targetGroup?: string;
  tags: AwsTags;
};

/** Load balancers of one account in one region. What is made is given its tags with itself: it is never there without them. */
export type Elb = {
  /** For messages. */
  readonly where: string;
  loadBalancer(name: string): Promise<LoadBalancer | undefined>;
  /** Open to the internet. A create with the name and settings of one that is there answers with that one: look first. */
  createLoadBalancer(
    of: { name: string; kind: BalancerKind; subnets: readonly string[]; groups: readonly string[] },
    tags: AwsTags,
  ): Promise<string>;
  /** Its listeners go with it. */
  deleteLoadBalancer(id: string): Promise<void>;
  targetGroup(name: string): Promise<TargetGroup | undefined>;
  createTargetGroup(
    of: Pick<TargetGroup, 'name' | 'protocol' | 'port' | 'vpcId' | 'health'>,
    tags: AwsTags,
  ): Promise<string>;
  deleteTargetGroup(id: string): Promise<void>;
  /** The addresses that are registered in it, `10.0.0.1:8000`. */
  targets(targetGroup: string): Promise<readonly string[]>;
  listeners(loadBalancer: string): Promise<readonly Listener[]>;
  createListener(
    of: { loadBalancer: string; protocol: string; port: number; certificate?: string; targetGroup: string },
    tags: AwsTags,
  ): Promise<string>;
  deleteListener(id: string): Promise<void>;
  close(): void;
};
