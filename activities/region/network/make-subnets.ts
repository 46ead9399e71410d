import type { Ec2, Subnet } from '../../../src/drivers/ec2/index.ts';
import type { RegionZone } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor, theOne } from '../access/tags.ts';
import { findVpc, mustFindVpc, withEc2 } from '../access/with-ec2.ts';

type Seen = { have: readonly string[]; missing: readonly string[] };

/** The name of the subnet of a segment in a zone. */
export function subnetName(zone: string, segment: string): string {
  return `subnet/${zone}/${segment}`;
}

/** By segment, the subnets of a zone that are there. @throws REGION_DUPLICATE */
export async function findSubnets(
  { owner }: RegionDeps,
  { region, zone, subnets }: RegionZone,
  client: Ec2,
  vpcId: string,
): Promise<ReadonlyMap<string, Subnet>> {
  const all = await client.subnets(vpcId);
  return new Map(
    subnets.flatMap(({ segment }) => {
      const found = theOne(owner, region, subnetName(zone, segment), all);
      return found ? [[segment, found] as const] : [];
    }),
  );
}

/** Makes the subnets of one zone: one for each segment. */
export const makeSubnets = defineStep<RegionZone, Seen, RegionDeps>({
  name: 'region.make-subnets',
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      const found = vpc ? await findSubnets(deps, of, client, vpc.id) : new Map<string, Subnet>();
      const missing = of.subnets.filter(({ segment }) => !found.has(segment)).map(({ segment }) => segment);
      const seen = { have: [...found.keys()], missing };
      const wrong = of.subnets.flatMap(({ segment, cidr }) => {
        const there = found.get(segment);
        if (!there || (there.cidr === cidr && there.zone === of.zone)) return [];
        return [`${there.id} (${segment}) has ${there.cidr} in ${there.zone}, not ${cidr} in ${of.zone}`];
      });
      if (wrong.length > 0) return blocked('REGION_NETWORK_DIFFERS', seen, wrong.join('; '));
      if (missing.length === 0) return done(seen, `all ${of.subnets.length} subnets of ${of.zone} are there`);
      return todo(seen, `${missing.join(', ')} of ${of.zone} are missing`, { begun: found.size > 0 });
    }),
  apply: (of, seen, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await mustFindVpc(deps, of.region, client);
      for (const { segment, cidr } of of.subnets) {
        if (!seen.missing.includes(segment)) continue;
        const tags = tagsFor(deps.owner, of.region, subnetName(of.zone, segment));
        await client.createSubnet({ vpcId: vpc.id, cidr, zone: of.zone }, tags);
      }
    }),
  undo: (of, before, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      if (!vpc) return;
      for (const [segment, { id }] of await findSubnets(deps, of, client, vpc.id))
        if (before.missing.includes(segment)) await client.deleteSubnet(id);
    }),
});
