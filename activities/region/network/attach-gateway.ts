import type { Ec2, InternetGateway } from '../../../src/drivers/ec2/index.ts';
import type { RegionVpc } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor, tagsOfRegion, theOne } from '../access/tags.ts';
import { findVpc, mustFindVpc, untilVisible, withEc2 } from '../access/with-ec2.ts';

type Seen = { id: string | null; attached: boolean };
const name = 'internet-gateway';

/** The region's internet gateway, if it is there. @throws REGION_DUPLICATE */
export async function findGateway(
  { owner }: RegionDeps,
  region: string,
  client: Ec2,
): Promise<InternetGateway | undefined> {
  return theOne(owner, region, name, await client.internetGateways(tagsOfRegion(owner, region)));
}

/** Makes the internet gateway of a region and attaches it to its VPC. */
export const attachGateway = defineStep<RegionVpc, Seen, RegionDeps>({
  name: 'region.attach-gateway',
  probe: ({ region }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const [vpc, gateway] = [await findVpc(deps, region, client), await findGateway(deps, region, client)];
      if (!gateway) return todo({ id: null, attached: false }, `there is no internet gateway of ${region}`);
      const seen = { id: gateway.id, attached: vpc !== undefined && gateway.vpcIds.includes(vpc.id) };
      if (seen.attached) return done(seen, `${gateway.id} is attached`);
      const elsewhere = gateway.vpcIds.join(', ');
      if (elsewhere) return blocked('REGION_NETWORK_DIFFERS', seen, `${gateway.id} is attached to ${elsewhere}`);
      return todo(seen, `${gateway.id} is attached to nothing`, { begun: true });
    }),
  apply: ({ region }, _seen, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const vpc = await mustFindVpc(deps, region, client);
      await untilVisible(context);
      const found = await findGateway(deps, region, client);
      const id = found?.id ?? (await client.createInternetGateway(tagsFor(deps.owner, region, name)));
      if (!found?.vpcIds.includes(vpc.id)) await client.attachInternetGateway(id, vpc.id);
    }),
  undo: ({ region }, before, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const gateway = await findGateway(deps, region, client);
      if (!gateway) return;
      if (!before.attached) for (const vpc of gateway.vpcIds) await client.detachInternetGateway(gateway.id, vpc);
      if (before.id === null) await client.deleteInternetGateway(gateway.id);
    }),
});
