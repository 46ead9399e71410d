import type { RegionZone } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { ownName } from '../access/tags.ts';
import { findVpc, withEc2 } from '../access/with-ec2.ts';
import { subnetName } from '../network/make-subnets.ts';

/** Removes the subnets of a zone. One in which something is, is refused by EC2. */
export const removeSubnets = defineStep<RegionZone, { subnets: readonly string[] }, RegionDeps>({
  name: 'region.remove-subnets',
  probe: ({ region, zone }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const vpc = await findVpc(deps, region, client);
      const all = vpc ? await client.subnets(vpc.id) : [];
      const own = all.filter((one) => ownName(deps.owner, region, one)?.startsWith(subnetName(zone, '')) === true);
      const subnets = own.map(({ id }) => id);
      if (subnets.length === 0) return done({ subnets }, `${zone} has no subnets`);
      return todo({ subnets }, `${zone} has ${subnets.length} subnets`);
    }),
  apply: ({ region }, { subnets }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      for (const id of subnets) await client.deleteSubnet(id);
    }),
});
