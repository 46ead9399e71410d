import type { Ec2, RouteTable } from '../../../src/drivers/ec2/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionOutlet, RegionZone } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor, theOne } from '../access/tags.ts';
import { findVpc, mustFindVpc, untilVisible, withEc2 } from '../access/with-ec2.ts';
import { findGateway } from './attach-gateway.ts';
import { findNat } from './make-nat.ts';
import { findSubnets } from './make-subnets.ts';

type Table = { outlet: RegionOutlet; id: string | null; routed: boolean; associated: readonly string[] };
type Seen = { tables: readonly Table[] };

const everywhere = '0.0.0.0/0';

/** One table for each way out of a zone, and each subnet with the table of its own. What leaves no way out has an empty table. */
export const makeRoutes = defineStep<RegionZone, Seen, RegionDeps>({
  name: 'region.make-routes',
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const { tables, wrong } = await look(of, deps, client);
      const seen = { tables };
      if (wrong.length > 0) return blocked('REGION_NETWORK_DIFFERS', seen, wrong.join('; '));
      const missing = tables.filter((one) => !isWhole(of, one)).map(({ outlet }) => outlet);
      if (missing.length === 0) return done(seen, `every subnet of ${of.zone} has its routes`);
      const begun = tables.some(({ id }) => id !== null);
      return todo(seen, `routes of ${of.zone} are missing: ${missing.join(', ')}`, { begun });
    }),
  apply: (of, _seen, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await mustFindVpc(deps, of.region, client);
      await untilVisible(context);
      const subnets = await findSubnets(deps, of, client, vpc.id);
      for (const { outlet, id, routed, associated } of (await look(of, deps, client)).tables) {
        const tags = tagsFor(deps.owner, of.region, tableName(of.zone, outlet));
        const table = id ?? (await client.createRouteTable(vpc.id, tags));
        if (!routed && outlet !== 'none') {
          const via = await viaOf(of, outlet, deps, client, vpc.id);
          await client.createRoute(table, { to: everywhere, via, kind: outlet });
        }
        for (const segment of segmentsOf(of, outlet)) {
          const subnet = subnets.get(segment);
          if (subnet && !associated.includes(segment)) await client.associate(table, subnet.id);
        }
      }
    }),
  undo: (of, before, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      if (!vpc) return;
      const subnets = await findSubnets(deps, of, client, vpc.id);
      const all = await client.routeTables(vpc.id);
      for (const { outlet, id, associated } of before.tables) {
        const table = tableOf(of, deps, outlet, all);
        if (!table) continue;
        for (const { subnetId, associationId } of table.subnets) {
          const segment = [...subnets].find(([, one]) => one.id === subnetId)?.[0];
          if (segment !== undefined && !associated.includes(segment)) await client.disassociate(associationId);
        }
        if (id === null) await client.deleteRouteTable(table.id);
      }
    }),
});

async function look(
  of: RegionZone,
  deps: RegionDeps,
  client: Ec2,
): Promise<{ tables: readonly Table[]; wrong: readonly string[] }> {
  const outlets = [...new Set(of.subnets.map(({ outlet }) => outlet))];
  const vpc = await findVpc(deps, of.region, client);
  if (!vpc) return { tables: outlets.map((outlet) => nothing(outlet)), wrong: [] };
  const subnets = await findSubnets(deps, of, client, vpc.id);
  const all = await client.routeTables(vpc.id);
  const wrong: string[] = [];
  const tables = outlets.map((outlet): Table => {
    const table = tableOf(of, deps, outlet, all);
    for (const segment of segmentsOf(of, outlet)) {
      const id = subnets.get(segment)?.id;
      const other = all.find((one) => one.id !== table?.id && one.subnets.some(({ subnetId }) => subnetId === id));
      if (other) wrong.push(`${segment} of ${of.zone} has the routes of ${other.id}`);
    }
    if (!table) return nothing(outlet);
    const out = table.routes.find(({ to }) => to === everywhere);
    const kind = outlet === 'internet' ? 'igw-' : 'nat-';
    if (out && (outlet === 'none' || !out.via.startsWith(kind)))
      wrong.push(`${table.id} (${outlet}) of ${of.zone} leads out by ${out.via}`);
    const associated = segmentsOf(of, outlet).filter((segment) =>
      table.subnets.some(({ subnetId }) => subnetId === subnets.get(segment)?.id),
    );
    return { outlet, id: table.id, routed: outlet === 'none' || out !== undefined, associated };
  });
  return { tables, wrong };
}

function nothing(outlet: RegionOutlet): Table {
  return { outlet, id: null, routed: outlet === 'none', associated: [] };
}

function isWhole(of: RegionZone, { outlet, id, routed, associated }: Table): boolean {
  return id !== null && routed && segmentsOf(of, outlet).every((segment) => associated.includes(segment));
}

function segmentsOf({ subnets }: RegionZone, outlet: RegionOutlet): string[] {
  return subnets.filter((one) => one.outlet === outlet).map(({ segment }) => segment);
}

/** The name of the route table of a way out of a zone. */
export function tableName(zone: string, outlet: RegionOutlet | ''): string {
  return `routes/${zone}/${outlet}`;
}

function tableOf(
  { region, zone }: RegionZone,
  { owner }: RegionDeps,
  outlet: RegionOutlet,
  all: readonly RouteTable[],
): RouteTable | undefined {
  return theOne(owner, region, tableName(zone, outlet), all);
}

async function viaOf(
  of: RegionZone,
  outlet: 'internet' | 'nat',
  deps: RegionDeps,
  client: Ec2,
  vpcId: string,
): Promise<string> {
  const found =
    outlet === 'internet' ? await findGateway(deps, of.region, client) : (await findNat(deps, of, client, vpcId)).nat;
  if (found) return found.id;
  throw new GantryError('EC2_MISSING', `the way out (${outlet}) of ${of.zone} is not there`);
}
