import type { Ec2, SecurityGroup } from '../../../src/drivers/ec2/index.ts';
import type { RetiredNetwork } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { isOwn } from '../access/tags.ts';
import { findVpc, withEc2 } from '../access/with-ec2.ts';
import { foreignRules } from './foreign.ts';

type Seen = { groups: number; foreign: readonly string[] };

/**
 * Removes the security groups of a region: first the rules of all of them, since groups name each other. One that something uses, or that a
 * rule of another client names, is refused by EC2.
 */
export const removeGroups = defineStep<RetiredNetwork['vpc'], Seen, RegionDeps>({
  name: 'region.remove-groups',
  probe: ({ region }, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const groups = await ownGroups(deps, region, client);
      if (groups.length === 0) return done({ groups: 0, foreign: [] }, `${region} has no security groups`);
      const foreign = await foreignRules(client, groups, (rule) => !isOwn(deps.owner, region, rule));
      const seen = { groups: groups.length, foreign: foreign.slice(0, 50) };
      if (foreign.length > 0)
        return blocked('REGION_RETIRE_FOREIGN', seen, `${foreign.slice(0, 10).join(', ')}: another client made it`);
      return todo(seen, `${region} has ${groups.length} security groups`);
    }),
  apply: ({ region }, _seen, deps, context) =>
    withEc2(deps, region, context, async (client) => {
      const groups = await ownGroups(deps, region, client);
      const rules = (await client.rules(groups.map(({ id }) => id))).filter((one) => isOwn(deps.owner, region, one));
      for (const { id } of groups)
        await client.revoke(
          id,
          rules.filter(({ group }) => group === id),
        );
      for (const { id } of groups) await client.deleteSecurityGroup(id);
    }),
});

async function ownGroups(deps: RegionDeps, region: string, client: Ec2): Promise<readonly SecurityGroup[]> {
  const vpc = await findVpc(deps, region, client);
  const all = vpc ? await client.securityGroups(vpc.id) : [];
  return all.filter((one) => isOwn(deps.owner, region, one));
}
