import type { RegionVpc } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor } from '../access/tags.ts';
import { findVpc, untilVisible, withEc2 } from '../access/with-ec2.ts';

/** Makes the VPC of a region. One that is there keeps what it has. Undone, a VPC that still holds something is refused by EC2. */
export const makeVpc = defineStep<RegionVpc, { id: string | null; cidr: string | null }, RegionDeps>({
  name: 'region.make-vpc',
  probe: ({ region, cidr }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const vpc = await findVpc(deps, region, client);
      if (!vpc) return todo({ id: null, cidr: null }, `there is no VPC of ${region}`);
      const seen = { id: vpc.id, cidr: vpc.cidr };
      if (vpc.cidr === cidr) return done(seen, `${vpc.id} has ${cidr}`);
      return blocked('REGION_NETWORK_DIFFERS', seen, `${vpc.id} has ${vpc.cidr}, not ${cidr}`);
    }),
  apply: ({ region, cidr }, _seen, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      await untilVisible(context);
      if (await findVpc(deps, region, client)) return;
      await client.createVpc(cidr, tagsFor(deps.owner, region, 'vpc'));
    }),
  undo: ({ region }, before, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const vpc = await findVpc(deps, region, client);
      if (vpc && before.id === null) await client.deleteVpc(vpc.id);
    }),
});
