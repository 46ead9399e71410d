import type { Finding, Match } from '../references.ts';
import { fields, matches, isCount } from '../references.ts';

export function layout({ path, value }: Match): Finding[] {
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

export function retentionTiers({ path, value }: Match): Finding[] {
  const known = Object.keys(fields(fields(value)['tiers']));
  return matches(value, ['retentions', '*', 'tier'])
    .filter((match) => typeof match.value === 'string' && !known.includes(match.value))
    .map((match) => ({
      path: [...path, ...match.path],
      message: `this cluster has no tier called ${String(match.value)}; known: ${known.join(', ') || 'none'}`,
    }));
}
