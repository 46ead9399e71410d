import type { RegionGroup, RegionOutlet, RegionRule } from '../../../runs/index.ts';

/** The platform's network as the file states it. */
export type NetworkIntent = {
  segments: Readonly<Record<string, { members: readonly string[] }>>;
  flows: readonly {
    from: string;
    source: string;
    to: string;
    target: string;
    ports?: readonly (number | string)[] | undefined;
  }[];
  entries: readonly { to: string; target: string; sources: readonly string[]; ports: readonly (number | string)[] }[];
};

/** NAT gateways belong to no group: a flow to them is one to the internet, through them. */
const nat = 'nat-gateways';
const anywhere = '0.0.0.0/0';

/** The name of the group of a member. */
export function groupName(segment: string, member: string): string {
  return `${segment}.${member}`;
}

/** A group for each member of each segment, also for those that no flow names: they are closed. */
export function securityGroups({ segments }: NetworkIntent): RegionGroup[] {
  return Object.entries(segments).flatMap(([segment, { members }]) =>
    members
      .filter((member) => member !== nat)
      .map((member) => ({ name: groupName(segment, member), description: `${member} of the segment ${segment}` })),
  );
}

/**
 * The permissions that the flows and entries give, and no other: each flow is one rule out of its source and one into its target.
 * Groups are stateful (VPC user guide, "Security group basics"): answers need no rule.
 */
export function securityRules({ flows, entries }: NetworkIntent): RegionRule[] {
  const rules = [
    ...flows.flatMap(({ from, source, to, target, ports = [] }) =>
      ports.flatMap((port): RegionRule[] => {
        if (source === nat) return [];
        const [out, into] = [groupName(from, source), groupName(to, target)];
        if (target === nat) return [{ group: out, direction: 'out', ...rangeOf(port), peer: { cidr: anywhere } }];
        return [
          { group: out, direction: 'out', ...rangeOf(port), peer: { group: into } },
          { group: into, direction: 'in', ...rangeOf(port), peer: { group: out } },
        ];
      }),
    ),
    ...entries.flatMap(({ to, target, sources, ports }) =>
      sources.flatMap((cidr) =>
        ports.map((port): RegionRule => ({
          ...{ group: groupName(to, target), direction: 'in', ...rangeOf(port) },
          peer: { cidr },
        })),
      ),
    ),
  ];
  return [...new Map(rules.map((rule) => [ruleKey(rule), rule])).values()];
}

/** What makes two rules the same. */
export function ruleKey({ group, direction, fromPort, toPort, peer }: RegionRule): string {
  const other = 'group' in peer ? peer.group : peer.cidr;
  return `${group} ${direction} ${fromPort}-${toPort} ${other}`;
}

/** Where packets of a segment may leave by: only where a flow or an entry needs it. */
export function outletOf({ segments, flows, entries }: NetworkIntent, segment: string): RegionOutlet {
  const fromOutside = entries.some(({ to }) => to === segment);
  if (fromOutside || segments[segment]?.members.includes(nat)) return 'internet';
  return flows.some(({ from, target }) => from === segment && target === nat) ? 'nat' : 'none';
}

function rangeOf(port: number | string): { fromPort: number; toPort: number } {
  if (typeof port === 'number') return { fromPort: port, toPort: port };
  const [fromPort = 0, toPort = 0] = port.split('-').map(Number);
  return { fromPort, toPort };
}
