import type { AwsCredentials, AwsEndpoint, AwsTags } from '../aws/index.ts';

/** Where an account's network is. */
export type Ec2Endpoint = AwsEndpoint;
export type Ec2Credentials = AwsCredentials;
export type Ec2Tags = AwsTags;

export type Vpc = { id: string; cidr: string; isDefault: boolean; tags: Ec2Tags };
export type Subnet = { id: string; vpcId: string; cidr: string; zone: string; tags: Ec2Tags };
export type InternetGateway = { id: string; vpcIds: readonly string[]; tags: Ec2Tags };
export type NatGateway = {
  id: string;
  subnetId: string;
  state: string;
  allocationIds: readonly string[];
  /** By which it is in its subnet. */
  interfaceIds: readonly string[];
  tags: Ec2Tags;
};
/** By which something is in a subnet: an instance, a gateway, a load balancer, an endpoint. */
export type NetworkInterface = {
  id: string;
  subnetId: string;
  /** What it is of, in the words of whoever made it: those of AWS begin `ELB app/…`, say. */
  description: string;
  /** The instance that has it. */
  instanceId?: string;
};
export type Address = { id: string; ip: string; inUse: boolean; tags: Ec2Tags };

/** Where packets to a range of addresses go: through a gateway, by its id. */
export type Route = { to: string; via: string };
export type RouteTable = {
  id: string;
  vpcId: string;
  /** Without the one of the VPC itself, which cannot be removed. */
  routes: readonly Route[];
  subnets: readonly { subnetId: string; associationId: string }[];
  isMain: boolean;
  tags: Ec2Tags;
};

export type SecurityGroup = { id: string; vpcId: string; name: string; tags: Ec2Tags };

/** A permission: TCP ports of `group` from, or to, another group or a range of addresses. */
export type Permission = {
  direction: 'in' | 'out';
  /** `-1`: every protocol and port. */
  protocol: string;
  fromPort: number;
  toPort: number;
  peer: { group: string } | { cidr: string };
};

export type SecurityRule = Permission & { id: string; group: string; tags: Ec2Tags };

/** What makes objects is given the tags with the object itself: it is never there without them. */
export type Ec2 = {
  /** For messages. */
  readonly where: string;
  /** Every VPC of the account in the region. */
  vpcs(): Promise<readonly Vpc[]>;
  createVpc(cidr: string, tags: Ec2Tags): Promise<string>;
  deleteVpc(id: string): Promise<void>;
  subnets(vpcId: string): Promise<readonly Subnet[]>;
  createSubnet(of: { vpcId: string; cidr: string; zone: string }, tags: Ec2Tags): Promise<string>;
  deleteSubnet(id: string): Promise<void>;
  internetGateways(tags: Ec2Tags): Promise<readonly InternetGateway[]>;
  createInternetGateway(tags: Ec2Tags): Promise<string>;
  attachInternetGateway(id: string, vpcId: string): Promise<void>;
  detachInternetGateway(id: string, vpcId: string): Promise<void>;
  deleteInternetGateway(id: string): Promise<void>;
  /** Those that were deleted are listed by EC2 for an hour, and left out here. */
  natGateways(vpcId: string): Promise<readonly NatGateway[]>;
  createNatGateway(of: { subnetId: string; allocationId: string }, tags: Ec2Tags): Promise<string>;
  deleteNatGateway(id: string): Promise<void>;
  /** Of everything that is in a VPC, whoever made it. */
  networkInterfaces(vpcId: string): Promise<readonly NetworkInterface[]>;
  /** Every elastic address of the account in the region. */
  addresses(): Promise<readonly Address[]>;
  /** How many elastic addresses the account may have; nothing where EC2 does not say. */
  addressQuota(): Promise<number | undefined>;
  allocateAddress(tags: Ec2Tags): Promise<string>;
  releaseAddress(id: string): Promise<void>;
  routeTables(vpcId: string): Promise<readonly RouteTable[]>;
  createRouteTable(vpcId: string, tags: Ec2Tags): Promise<string>;
  deleteRouteTable(id: string): Promise<void>;
  createRoute(routeTableId: string, route: Route & { kind: 'internet' | 'nat' }): Promise<void>;
  associate(routeTableId: string, subnetId: string): Promise<void>;
  disassociate(associationId: string): Promise<void>;
  securityGroups(vpcId: string): Promise<readonly SecurityGroup[]>;
  /** AWS adds a rule that lets everything out; it is in `rules` until it is revoked. */
  createSecurityGroup(of: { vpcId: string; name: string; description: string }, tags: Ec2Tags): Promise<string>;
  deleteSecurityGroup(id: string): Promise<void>;
  rules(groups: readonly string[]): Promise<readonly SecurityRule[]>;
  allow(group: string, permissions: readonly Permission[], tags: Ec2Tags): Promise<void>;
  revoke(group: string, rules: readonly Pick<SecurityRule, 'id' | 'direction'>[]): Promise<void>;
  close(): void;
};
