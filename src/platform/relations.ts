import { archivedTablesExist, separatePrefixes, totalledTablesAreHeld } from './archive/relations.ts';
import { familyDisagreements } from './clickhouse/families.ts';
import { hostDisagreements } from './host/relations.ts';
import { rolloutDisagreements } from './region/relations.ts';
import type { Finding, Match } from './references.ts';
import { fields, matches, isCount } from './references.ts';
import { layout, retentionTiers } from './clickhouse/relations.ts';

/**
 * What several parts of the file must agree on, beyond names: shards and replicas with their nodes, tiers with
 * retentions, mesh routes with the ports of daemons, flows with the members of segments, zones with one region each, archives with the
 * tables of their sources, addresses of regions with each other, components with their graph.
 * Like `danglingNames` it bears malformed content.
 */
export function disagreements(content: unknown): Finding[] {
  return [
    ...matches(content, ['clickhouse', 'clusters', '*']).flatMap((cluster) => [
      ...layout(cluster),
      ...retentionTiers(cluster),
      ...familyDisagreements(cluster),
    ]),
    ...matches(content, ['mesh', 'routes', '*']).flatMap((route) => routePort(content, route)),
    ...matches(content, ['network', 'flows', '*']).flatMap((flow) => flowMembers(content, flow)),
    ...twiceDefinedZones(content),
    ...matches(content, ['network', 'entries', '*']).flatMap((entry) => entryMember(content, entry)),
    ...hostDisagreements(content),
    ...rolloutDisagreements(content),
    ...matches(content, ['archive', 'archives', '*']).flatMap((archive) => [
      ...archivedTablesExist(content, archive),
      ...totalledTablesAreHeld(content, archive),
    ]),
    ...separatePrefixes(content),
  ];
}

function routePort(content: unknown, { path, value }: Match): Finding[] {
  const { daemon, port } = fields(value);
  if (typeof daemon !== 'string') return [];
  const api = matches(content, ['daemons', daemon, 'apiPort'])[0]?.value;
  if (!isCount(api) || !isCount(port) || api === port) return [];
  return [{ path: [...path, 'port'], message: `${daemon} serves its API on port ${api}` }];
}

function flowMembers(content: unknown, { path, value }: Match): Finding[] {
  const flow = fields(value);
  return (['from', 'to'] as const).flatMap((end) => {
    const [segment, field] = [flow[end], end === 'from' ? 'source' : 'target'];
    const member = flow[field];
    if (typeof segment !== 'string' || typeof member !== 'string') return [];
    const members = matches(content, ['network', 'segments', segment, 'members', '*']).map((match) => match.value);
    if (members.length === 0 || members.includes(member)) return [];
    return [{ path: [...path, field], message: `segment ${segment} has no member ${member}: ${members.join(', ')}` }];
  });
}

function entryMember(content: unknown, { path, value }: Match): Finding[] {
  const { to, target } = fields(value);
  if (typeof to !== 'string' || typeof target !== 'string') return [];
  const members = matches(content, ['network', 'segments', to, 'members', '*']).map((match) => match.value);
  if (members.length === 0 || members.includes(target)) return [];
  return [{ path: [...path, 'target'], message: `segment ${to} has no member ${target}: ${members.join(', ')}` }];
}

function twiceDefinedZones(content: unknown): Finding[] {
  const seen = new Map<string, string>();
  return matches(content, ['regions', '*', 'zones', '*']).flatMap(({ path, key }) => {
    const region = String(path[1]);
    const before = seen.get(key);
    seen.set(key, before ?? region);
    return before === undefined
      ? []
      : [{ path, message: `zone ${key} is in region ${before} already`, aboutKey: true as const }];
  });
}
