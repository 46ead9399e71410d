/** `application` speaks HTTP and may have a web ACL before it; `network` passes connections on. */
export type EdgeKind = 'application' | 'network';

/** The load balancer of a region: what it stands in, and what it listens on. */
export type EdgeBalancer = {
  /** Its name in AWS, and that of its target group. */
  name: string;
  kind: EdgeKind;
  /** The network segment that it stands in, and the zones in which that segment is. */
  segment: string;
  zones: readonly string[];
  /** Its security group. */
  group: string;
  port: number;
  protocol: string;
  /** The ARN of its certificate. */
  certificate?: string;
};

/** Where it sends what it takes. `path`: a target is healthy that answers there. */
export type EdgeTargets = { protocol: string; port: number; path?: string };

/** How Route 53 asks from outside whether the region is healthy, by the name of its load balancer. */
export type EdgeHealth = { protocol: 'HTTP' | 'HTTPS' | 'TCP'; port: number; path?: string };

/** The names of a region in DNS. The geo alias leads to the group, the group to the region's own name, that one to its load balancer. */
export type EdgeNames = {
  /** The hosted zone, by its id. */
  zone: string;
  own: string;
  group: string;
  geoAlias: string;
  /** Asked in place of the zone's own name servers. */
  authority?: readonly string[];
};

/** The edge of one region, as its steps make it. */
export type RegionEdge = {
  region: string;
  balancer: EdgeBalancer;
  targets: EdgeTargets;
  webAcl?: string;
  health?: EdgeHealth;
  names: EdgeNames;
};
