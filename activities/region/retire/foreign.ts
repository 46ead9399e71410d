import type { Ec2, NetworkInterface, SecurityGroup, SecurityRule } from '../../../src/drivers/ec2/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { isOwn } from '../access/tags.ts';
import { isBorn } from '../network/groups.ts';

/** What is in a region's network and is not Gantry's. `leaving`: AWS takes it away by itself, in some minutes. */
export type ForeignInNetwork = { foreign: readonly string[]; leaving: readonly string[] };

/** Looks for what others put into the VPC of a region: whatever would be lost, or would break, with the network. */
export async function foreignInNetwork(
  { owner }: RegionDeps,
  region: string,
  client: Ec2,
  vpcId: string,
): Promise<ForeignInNetwork> {
  const isForeign = (one: { tags: SecurityRule['tags'] }): boolean => !isOwn(owner, region, one);
  const nats = await client.natGateways(vpcId);
  const groups = (await client.securityGroups(vpcId)).filter(({ name }) => name !== 'default');
  const ofGateways = nats.flatMap(({ interfaceIds }) => interfaceIds);
  const interfaces = (await client.networkInterfaces(vpcId)).filter(({ id }) => !ofGateways.includes(id));
  const ids = (what: string, all: readonly { id: string; tags: SecurityRule['tags'] }[]): string[] =>
    all.filter(isForeign).map(({ id }) => `${what} ${id}`);
  return {
    foreign: [
      ...interfaces.filter((one) => !isLeaving(one)).map(inWords),
      ...ids('the subnet', await client.subnets(vpcId)),
      ...ids('the NAT gateway', nats),
      ...ids(
        'the route table',
        (await client.routeTables(vpcId)).filter(({ isMain }) => !isMain),
      ),
      ...ids('the security group', groups),
      ...(await foreignRules(
        client,
        groups.filter((one) => !isForeign(one)),
        isForeign,
      )),
    ],
    leaving: interfaces.filter(isLeaving).map(inWords),
  };
}

/** The rules of groups that another client added. The one that AWS gives every group goes with it. */
export async function foreignRules(
  client: Ec2,
  groups: readonly SecurityGroup[],
  isForeign: (rule: SecurityRule) => boolean,
): Promise<string[]> {
  const rules = await client.rules(groups.map(({ id }) => id));
  return rules.filter((one) => isForeign(one) && !isBorn(one)).map(({ id, group }) => `the rule ${id} of ${group}`);
}

/** Of a load balancer: Elastic Load Balancing lets go of its interfaces some minutes after it was deleted (its user guide). */
function isLeaving({ description }: NetworkInterface): boolean {
  return description.startsWith('ELB ');
}

function inWords({ id, instanceId, description }: NetworkInterface): string {
  if (instanceId !== undefined) return `the instance ${instanceId} (${id})`;
  return `the network interface ${id}${description === '' ? '' : ` (${description})`}`;
}
