import type { Ec2 } from '../../../src/drivers/ec2/index.ts';
import { ruleKey } from '../../../src/planning/region/index.ts';
import type { RegionRule, RegionRules } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { tagsFor } from '../access/tags.ts';
import { findVpc, mustFindVpc, withEc2 } from '../access/with-ec2.ts';
import type { StandingRule } from './groups.ts';
import { findGroups, standingRules } from './groups.ts';

type Seen = {
  /** What a flow allows and no rule says. */
  missing: readonly RegionRule[];
  /** Gantry's, of a flow that is gone. */
  stale: readonly RegionRule[];
  /** Not Gantry's, and no flow allows it. */
  foreign: readonly string[];
};

/**
 * Opens exactly what the flows allow. A rule of Gantry's whose flow is gone is revoked. One that is not Gantry's stops the step: whose it is
 * and what it is for, only a person knows.
 */
export const setRules = defineStep<RegionRules, Seen, RegionDeps>({
  name: 'region.set-rules',
  probe: (of, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const seen = compareRules(of, await rulesThere(of, deps, client));
      if (seen.foreign.length > 0)
        return blocked('REGION_RULE_FOREIGN', seen, `no flow allows: ${seen.foreign.join('; ')}`);
      if (seen.missing.length + seen.stale.length === 0) return done(seen, `exactly ${of.rules.length} rules are set`);
      const words = `${seen.missing.length} rules are missing, ${seen.stale.length} are of flows that are gone`;
      return todo(seen, words, { begun: seen.missing.length < of.rules.length });
    }),
  apply: (of, _seen, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const there = await rulesThere(of, deps, client);
      const { missing, stale } = compareRules(of, there);
      await allow(of, missing, deps, client);
      await revoke(there, stale, client);
    }),
  undo: (of, before, deps, context) =>
    withEc2(deps, of.region, context, async (client) => {
      const there = await rulesThere(of, deps, client);
      await revoke(there, before.missing, client);
      const keys = new Set(there.map(({ key }) => key));
      const gone = before.stale.filter((rule) => !keys.has(ruleKey(rule)));
      await allow(of, gone, deps, client);
    }),
});

/** What a region's rules are, compared with what they should be. */
export function compareRules({ rules }: Pick<RegionRules, 'rules'>, there: readonly StandingRule[]): Seen {
  const wanted = new Set(rules.map(ruleKey));
  const keys = new Set(there.map(({ key }) => key));
  const others = there.filter(({ key }) => !wanted.has(key));
  return {
    missing: rules.filter((rule) => !keys.has(ruleKey(rule))),
    stale: others.flatMap(({ own, rule }) => (own && rule ? [rule] : [])),
    foreign: others.filter(({ own, rule }) => !own || !rule).map(({ key, id }) => `${key} (${id})`),
  };
}

/** The rules of a region's groups as they are. */
export async function rulesThere(of: RegionRules, deps: RegionDeps, client: Ec2): Promise<StandingRule[]> {
  const vpc = await findVpc(deps, of.region, client);
  if (!vpc) return [];
  const groups = await findGroups(deps, of, client, vpc.id);
  const rules = await client.rules([...groups.values()].map(({ id }) => id));
  return standingRules(deps, of.region, groups, rules);
}

async function allow(of: RegionRules, rules: readonly RegionRule[], deps: RegionDeps, client: Ec2): Promise<void> {
  if (rules.length === 0) return;
  const vpc = await mustFindVpc(deps, of.region, client);
  const groups = await findGroups(deps, of, client, vpc.id);
  const idOf = (name: string): string => groups.get(name)?.id ?? name;
  for (const group of [...new Set(rules.map((rule) => rule.group))]) {
    const permissions = rules
      .filter((rule) => rule.group === group)
      .map(({ direction, fromPort, toPort, peer }) => ({
        ...{ direction, fromPort, toPort, protocol: 'tcp' },
        peer: 'group' in peer ? { group: idOf(peer.group) } : peer,
      }));
    await client.allow(idOf(group), permissions, tagsFor(deps.owner, of.region, `rules/${group}`));
  }
}

async function revoke(there: readonly StandingRule[], rules: readonly RegionRule[], client: Ec2): Promise<void> {
  const keys = new Set(rules.map(ruleKey));
  for (const { id, groupId, own, key, rule } of there)
    if (own && rule && keys.has(key)) await client.revoke(groupId, [{ id, direction: rule.direction }]);
}
