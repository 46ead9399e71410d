import type { Address, Ec2, NatGateway } from '../../../src/drivers/ec2/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionZone } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor, theOne } from '../access/tags.ts';
import { findVpc, mustFindVpc, untilVisible, withEc2 } from '../access/with-ec2.ts';
import { findSubnets } from './make-subnets.ts';

type Seen = { nat: string | null; state: string | null; address: string | null };

/** AWS makes a NAT gateway within some minutes, and deletes one as slowly. */
const withinMs = 600_000;
const everyMs = 2_000;

/** The NAT gateway of a zone with its elastic address, as far as they are there. @throws REGION_DUPLICATE */
export async function findNat(
  { owner }: RegionDeps,
  { region, zone }: RegionZone,
  client: Ec2,
  vpcId: string | undefined,
): Promise<{ nat?: NatGateway; address?: Address }> {
  const nats = vpcId === undefined ? [] : await client.natGateways(vpcId);
  const standing = nats.filter(({ state }) => state !== 'deleting');
  const nat = theOne(owner, region, `nat/${zone}`, standing);
  const address = theOne(owner, region, `nat-address/${zone}`, await client.addresses());
  return { ...(nat ? { nat } : {}), ...(address ? { address } : {}) };
}

/** Makes the NAT gateway of one zone in its public subnet, with an elastic address of its own. */
export const makeNat = defineStep<RegionZone, Seen, RegionDeps>({
  name: 'region.make-nat',
  settleMs: withinMs,
  settleEveryMs: everyMs,
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      const { nat, address } = await findNat(deps, of, client, vpc?.id);
      const seen = { nat: nat?.id ?? null, state: nat?.state ?? null, address: address?.id ?? null };
      if (nat?.state === 'available') return done(seen, `${nat.id} is available in ${of.zone}`);
      if (nat?.state === 'failed')
        return blocked('REGION_NETWORK_DIFFERS', seen, `${nat.id} of ${of.zone} has failed: delete it, then retry`);
      const words = nat ? `${nat.id} is ${nat.state}` : `there is no NAT gateway in ${of.zone}`;
      return todo(seen, words, { begun: nat !== undefined || address !== undefined });
    }),
  apply: (of, seen, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      if (seen.nat !== null) return;
      await untilVisible(context);
      const vpc = await mustFindVpc(deps, of.region, client);
      const { nat, address } = await findNat(deps, of, client, vpc.id);
      if (nat) return;
      const home = (await findSubnets(deps, of, client, vpc.id)).get(of.natIn ?? '');
      if (!home) throw new GantryError('EC2_MISSING', `the subnet ${of.natIn ?? ''} of ${of.zone} is not there`);
      const tags = (name: string) => tagsFor(deps.owner, of.region, `${name}/${of.zone}`);
      const allocationId = address?.id ?? (await client.allocateAddress(tags('nat-address')));
      await client.createNatGateway({ subnetId: home.id, allocationId }, tags('nat'));
    }),
  undo: (of, before, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      const { nat, address } = await findNat(deps, of, client, vpc?.id);
      if (vpc && nat && before.nat === null) await client.deleteNatGateway(nat.id);
      if (!address || before.address !== null) return;
      // An address cannot be released before the gateway that has it is gone, also one that an earlier attempt deleted.
      const holds = ({ allocationIds }: NatGateway): boolean => allocationIds.includes(address.id);
      while (vpc && (await client.natGateways(vpc.id)).some(holds)) await wait(everyMs, context.signal);
      await client.releaseAddress(address.id);
    }),
});
