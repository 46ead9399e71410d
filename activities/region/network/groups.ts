import type { Ec2, SecurityGroup, SecurityRule } from '../../../src/drivers/ec2/index.ts';
import { ruleKey } from '../../../src/planning/region/index.ts';
import type { RegionGroups, RegionRule } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { isOwn, theOne } from '../access/tags.ts';

/** By name, the security groups of a region that are there. @throws REGION_DUPLICATE */
export async function findGroups(
  { owner }: RegionDeps,
  { region, groups }: RegionGroups,
  client: Ec2,
  vpcId: string,
): Promise<ReadonlyMap<string, SecurityGroup>> {
  const all = await client.securityGroups(vpcId);
  return new Map(
    groups.flatMap(({ name }) => {
      const found = theOne(owner, region, `group/${name}`, all);
      return found ? [[name, found] as const] : [];
    }),
  );
}

/** The rule that AWS gives every new group: everything out. */
export function isBorn({ direction, protocol, peer, tags }: SecurityRule): boolean {
  return direction === 'out' && protocol === '-1' && 'cidr' in peer && Object.keys(tags).length === 0;
}

/** A rule as it is there, in the words of the plan: groups by their names. Without `rule`, no rule of TCP ports could be it. */
export type StandingRule = { id: string; groupId: string; own: boolean; key: string; rule?: RegionRule };

/** Rules of groups → by the names of the groups, so that they can be compared with those of a plan. */
export function standingRules(
  { owner }: RegionDeps,
  region: string,
  groups: ReadonlyMap<string, SecurityGroup>,
  rules: readonly SecurityRule[],
): StandingRule[] {
  const nameOf = new Map([...groups].map(([name, { id }]) => [id, name]));
  return rules.map((one) => {
    const { id, group: groupId, direction, protocol, fromPort, toPort, peer } = one;
    const group = nameOf.get(groupId) ?? groupId;
    const named = 'group' in peer ? { group: nameOf.get(peer.group) ?? peer.group } : peer;
    const rule: RegionRule = { group, direction, fromPort, toPort, peer: named };
    const common = { id, groupId, own: isOwn(owner, region, one) };
    if (protocol === 'tcp') return { ...common, key: ruleKey(rule), rule };
    return { ...common, key: `${ruleKey(rule)} (protocol ${protocol})` };
  });
}
