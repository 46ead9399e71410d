import { familyDisagreements } from './clickhouse-families.ts';
import type { Finding, Match } from './references.ts';
import { fields, matches } from './references.ts';

/**
 * What several parts of the file must agree on, beyond names: shards and replicas with their nodes, tiers with
 * retentions, mesh routes with the ports of daemons, flows with the members of segments, zones with one region each.
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
  ];
}

function layout({ path, value }: Match): Finding[] {
  const { shards, replicas, nodes } = fields(value);
  if (!isCount(shards) || !isCount(replicas) || !Array.isArray(nodes) || shards * replicas > 10_000) return [];
  const findings: Finding[] = [];
  const seats = new Set<string>();
  for (const [index, node] of nodes.entries()) {
    const { shard, replica } = fields(node);
    if (!isCount(shard) || !isCount(replica)) continue;
    const seat = `shard ${shard}, replica ${replica}`;
    const at = [...path, 'nodes', index];
    if (shard > shards || replica > replicas)
      findings.push({ path: at, message: `${seat} is outside of ${shards} shards × ${replicas} replicas` });
    else if (seats.has(seat)) findings.push({ path: at, message: `two nodes are ${seat}` });
    seats.add(seat);
  }
  for (let shard = 1; shard <= shards; shard += 1)
    for (let replica = 1; replica <= replicas; replica += 1)
      if (!seats.has(`shard ${shard}, replica ${replica}`))
        findings.push({ path: [...path, 'nodes'], message: `no node is shard ${shard}, replica ${replica}` });
  return findings;
}

function retentionTiers({ path, value }: Match): Finding[] {
  const known = Object.keys(fields(fields(value)['tiers']));
  return matches(value, ['retentions', '*', 'tier'])
    .filter((match) => typeof match.value === 'string' && !known.includes(match.value))
    .map((match) => ({
      path: [...path, ...match.path],
      message: `this cluster has no tier called ${String(match.value)}; known: ${known.join(', ') || 'none'}`,
    }));
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

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}
