import type { RegionZone } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { ownName } from '../access/tags.ts';
import { findVpc, withEc2 } from '../access/with-ec2.ts';
import { tableName } from '../network/make-routes.ts';

/** Removes the route tables of a zone. A table that another client gave a subnet of its own is refused by EC2. */
export const removeRoutes = defineStep<RegionZone, { tables: readonly string[] }, RegionDeps>({
  name: 'region.remove-routes',
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      const all = vpc ? await client.routeTables(vpc.id) : [];
      const tables = all.filter((one) => isOf(of, deps, one)).map(({ id }) => id);
      if (tables.length === 0) return done({ tables }, `${of.zone} has no route tables`);
      return todo({ tables }, `${of.zone} has ${tables.join(', ')}`);
    }),
  apply: (of, { tables }, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      if (!vpc) return;
      const subnets = await client.subnets(vpc.id);
      const isOwnSubnet = (subnetId: string): boolean =>
        subnets.some((one) => one.id === subnetId && ownName(deps.owner, of.region, one) !== undefined);
      for (const { id, subnets: associated } of await client.routeTables(vpc.id)) {
        if (!tables.includes(id)) continue;
        for (const { subnetId, associationId } of associated)
          if (isOwnSubnet(subnetId)) await client.disassociate(associationId);
        await client.deleteRouteTable(id);
      }
    }),
});

function isOf({ region, zone }: RegionZone, { owner }: RegionDeps, table: Parameters<typeof ownName>[2]): boolean {
  return ownName(owner, region, table)?.startsWith(tableName(zone, '')) === true;
}
