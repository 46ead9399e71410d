import type { LabEc2 } from '../../../lab/ec2/ec2.ts';
import { labEc2Login } from '../../../lab/ec2/ec2.ts';
import type { RunningKubernetes } from '../../../lab/kubernetes/index.ts';
import { connectEc2 } from '../../../src/drivers/ec2/index.ts';
import { connectElb } from '../../../src/drivers/elb/index.ts';
import { connectRoute53 } from '../../../src/drivers/route53/index.ts';
import { balancerName, namesOf, paths } from './platform.ts';

/** How many of each there are, by the API itself. */
export async function countedInEc2(region: string, { endpoint }: LabEc2): Promise<Record<string, number>> {
  const client = connectEc2({ region, endpoint }, labEc2Login);
  try {
    const vpcs = (await client.vpcs()).filter(({ isDefault }) => !isDefault);
    const count = { vpcs: vpcs.length, subnets: 0, nats: 0, tables: 0, associations: 0, groups: 0, rules: 0 };
    for (const { id } of vpcs) {
      const subnets = await client.subnets(id);
      count.subnets += subnets.length;
      const nats = await client.natGateways(id);
      count.nats += nats.length;
      const tables = await client.routeTables(id);
      count.tables += tables.length;
      count.associations += tables.reduce((sum, { subnets }) => sum + subnets.length, 0);
      const groups = await client.securityGroups(id);
      count.groups += groups.length;
      const rules = await client.rules(groups.map((one) => one.id));
      count.rules += rules.length;
    }
    const gateways = (await client.internetGateways({})).length;
    return { ...count, gateways, addresses: (await client.addresses()).length };
  } finally {
    client.close();
  }
}

/** The parts of the edge that are there. */
export async function countedAtEdge(
  region: string,
  { endpoint }: LabEc2,
  zone: string,
): Promise<Record<string, number>> {
  const at = { region, endpoint };
  const [elb, route53] = [connectElb(at, labEc2Login), connectRoute53(at, labEc2Login)];
  try {
    const balancer = await elb.loadBalancer(balancerName);
    const { name, group } = namesOf(region);
    return {
      balancers: balancer ? 1 : 0,
      listeners: balancer ? (await elb.listeners(balancer.id)).length : 0,
      targetGroups: (await elb.targetGroup(balancerName)) ? 1 : 0,
      healthChecks: (await route53.healthChecks('gantry-edge-')).length,
      records: (await route53.records(zone, name)).length + (await route53.records(zone, group)).length,
    };
  } finally {
    elb.close();
    route53.close();
  }
}

/** The answers of the API server for each object. */
export async function thereIn(kubernetes: RunningKubernetes): Promise<Record<string, number>> {
  const admin = kubernetes.as('admin');
  const found = await Promise.all(paths.map(async (path) => [path, (await admin.get(path)).status] as const));
  return Object.fromEntries(found);
}
