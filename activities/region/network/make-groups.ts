import type { RegionGroups } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor } from '../access/tags.ts';
import { findVpc, mustFindVpc, withEc2 } from '../access/with-ec2.ts';
import { findGroups, isBorn } from './groups.ts';

type Seen = { missing: readonly string[]; open: readonly string[] };

/**
 * Makes the security groups of a region, closed: the rule that AWS gives each of them (everything out) is revoked. That rule cannot be
 * told from the same one that a person added without tags, so that one goes too.
 */
export const makeGroups = defineStep<RegionGroups, Seen, RegionDeps>({
  name: 'region.make-groups',
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      const found = vpc ? await findGroups(deps, of, client, vpc.id) : new Map<string, { id: string }>();
      const missing = of.groups.filter(({ name }) => !found.has(name)).map(({ name }) => name);
      const born = (await client.rules([...found.values()].map(({ id }) => id))).filter(isBorn);
      const open = [...found].filter(([, { id }]) => born.some(({ group }) => group === id)).map(([name]) => name);
      const seen = { missing, open };
      if (missing.length + open.length === 0) return done(seen, `all ${of.groups.length} groups are there`);
      const words = [
        ...(missing.length > 0 ? [`${missing.length} groups are missing`] : []),
        ...(open.length > 0 ? [`${open.join(', ')} let everything out`] : []),
      ];
      return todo(seen, words.join('; '), { begun: found.size > 0 });
    }),
  apply: (of, seen, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await mustFindVpc(deps, of.region, client);
      for (const { name, description } of of.groups) {
        if (!seen.missing.includes(name)) continue;
        const tags = tagsFor(deps.owner, of.region, `group/${name}`);
        await client.createSecurityGroup({ vpcId: vpc.id, name: `gantry-${name}`, description }, tags);
      }
      const ids = [...(await findGroups(deps, of, client, vpc.id)).values()].map(({ id }) => id);
      const born = (await client.rules(ids)).filter(isBorn);
      for (const rule of born) await client.revoke(rule.group, [rule]);
    }),
  undo: (of, before, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const vpc = await findVpc(deps, of.region, client);
      if (!vpc) return;
      for (const [name, { id }] of await findGroups(deps, of, client, vpc.id))
        if (before.missing.includes(name)) await client.deleteSecurityGroup(id);
    }),
});
