import type { RetiredNetwork } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { findVpc, withEc2 } from '../access/with-ec2.ts';
import type { ForeignInNetwork } from './foreign.ts';
import { foreignInNetwork } from './foreign.ts';

/** A gate: whether nothing of another client is in the network. Without it routes would be taken from what others run there. */
export const networkUnused = defineStep<RetiredNetwork['vpc'], ForeignInNetwork, RegionDeps>({
  name: 'region.network-unused',
  probe: ({ region }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const vpc = await findVpc(deps, region, client);
      if (!vpc) return done({ foreign: [], leaving: [] }, `there is no VPC of ${region}`);
      const { foreign, leaving } = await foreignInNetwork(deps, region, client, vpc.id);
      const seen = { foreign: foreign.slice(0, 50), leaving: leaving.slice(0, 50) };
      if (foreign.length > 0)
        return blocked('REGION_RETIRE_FOREIGN', seen, `${vpc.id} also holds ${foreign.slice(0, 10).join(', ')}`);
      if (leaving.length > 0) return todo(seen, `${vpc.id} still holds ${leaving.slice(0, 10).join(', ')}`);
      return done(seen, `${vpc.id} holds nothing else`);
    }),
});
