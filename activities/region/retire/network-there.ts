import type { Ec2, RouteTable } from '../../../src/drivers/ec2/index.ts';
import type { MeantRegion, RetireFacts } from '../../../src/planning/region/index.ts';
import type { RegionOutlet, RegionZone } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { ownName } from '../access/tags.ts';
import { findVpc } from '../access/with-ec2.ts';
import { findGateway } from '../network/attach-gateway.ts';
import { foreignInNetwork } from './foreign.ts';

/** What of the network of a region is there, by its tags alone: also what the file no longer says. */
export async function networkThere(
  deps: RegionDeps,
  { region, cidr }: Pick<MeantRegion, 'region' | 'cidr'>,
  client: Ec2,
): Promise<Pick<RetireFacts, 'network' | 'inNetwork'>> {
  const vpc = await findVpc(deps, region, client);
  const gateway = await findGateway(deps, region, client);
  const zones = await zonesThere(deps, region, client, vpc?.id);
  if (!vpc && !gateway && zones.length === 0) return { inNetwork: [] };
  const { foreign } = vpc ? await foreignInNetwork(deps, region, client, vpc.id) : { foreign: [] };
  return { network: { vpc: { region, cidr: vpc?.cidr ?? cidr, id: vpc?.id ?? null }, zones }, inNetwork: foreign };
}

async function zonesThere(
  { owner }: RegionDeps,
  region: string,
  client: Ec2,
  vpcId: string | undefined,
): Promise<RegionZone[]> {
  /** What an object is of its zone: `subnet/us-east-1a/data` → `subnet`, `us-east-1a`, `data`. */
  const partsOf = (one: Parameters<typeof ownName>[2]): readonly [string, string, string] => {
    const [what = '', zone = '', which = ''] = ownName(owner, region, one)?.split('/') ?? [];
    return [what, zone, which];
  };
  const subnets = vpcId === undefined ? [] : await client.subnets(vpcId);
  const tables = vpcId === undefined ? [] : await client.routeTables(vpcId);
  const nats = vpcId === undefined ? [] : await client.natGateways(vpcId);
  const of = [...subnets, ...tables, ...nats, ...(await client.addresses())].map(partsOf);
  const zones = [...new Set(of.flatMap(([, zone]) => (zone === '' ? [] : [zone])))].sort();
  const outletOf = (subnetId: string): RegionOutlet => {
    const has = ({ subnets: associated }: RouteTable): boolean => associated.some((one) => one.subnetId === subnetId);
    const [, , outlet = 'none'] = partsOf(tables.find(has) ?? { tags: {} });
    return outlet === 'internet' || outlet === 'nat' ? outlet : 'none';
  };
  return zones
    .filter((zone) => of.some(([what, where]) => where === zone && what !== 'group'))
    .map((zone) => {
      const own = subnets.filter((one) => partsOf(one)[0] === 'subnet' && partsOf(one)[1] === zone);
      const nat = nats.find((one) => partsOf(one)[1] === zone);
      const home = own.find(({ id }) => id === nat?.subnetId);
      return {
        ...{ region, zone },
        subnets: own
          .map((one) => ({ segment: partsOf(one)[2], cidr: one.cidr, outlet: outletOf(one.id) }))
          .sort((a, b) => (a.cidr < b.cidr ? -1 : 1)),
        ...(home ? { natIn: partsOf(home)[2] } : {}),
      };
    });
}
