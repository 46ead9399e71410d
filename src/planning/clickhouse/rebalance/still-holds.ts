import type { RebalanceData } from '../../../runs/index.ts';
import { applyMoves } from './apply-moves.ts';
import { planRebalance } from './plan.ts';
import { peakOf } from './shares.ts';
import { spaceOf } from './tier-problem.ts';
import type { RebalanceFacts, RebalancePolicy } from '../facts/types.ts';
import { unitsOf } from './units.ts';

/**
 * Whether moves that were planned earlier are still the ones to make. While a plan waits for its approval rows come in, and
 * the same facts are never read twice; asking for an approval again because of that would never end. They hold if what they
 * move is as it was (rows, at rest, nothing flagged), there is room for it, and whoever plans after them sends nothing back.
 */
export function stillHolds(facts: RebalanceFacts, policy: RebalancePolicy, moves: RebalanceData['moves']): boolean {
  const units = unitsOf(facts, policy);
  const shards = new Map(facts.shards.map((shard) => [shard.name, shard]));
  const arriving = new Map<string, { to: string; tier: string; wave: number; bytes: number }[]>();
  for (const { partition, from, to, rows, totalRows, wave } of moves) {
    const [source, there] = [from, to].map((name) => shards.get(name)?.partitions.find(({ id }) => id === partition));
    const total = facts.shards.flatMap(({ partitions }) => partitions.filter(({ id }) => id === partition));
    if (!source || !shards.has(to) || units.openOn.has(partition)) return false;
    if (source.rows !== rows || total.reduce((sum, one) => sum + one.rows, 0) !== totalRows) return false;
    if (source.flags.length > 0 || (there?.flags.length ?? 0) > 0) return false;
    const key = `${to}\n${source.tier}`;
    arriving.set(key, [...(arriving.get(key) ?? []), { to, tier: source.tier, wave, bytes: source.bytes }]);
  }
  for (const into of arriving.values()) {
    const [first] = into;
    const shard = shards.get(first?.to ?? '');
    if (!first || !shard || spaceOf(shard, first.tier, policy) < peakOf(into, policy)) return false;
  }
  // Data that would have to flow back is data that should not flow.
  const next = planRebalance(applyMoves(facts, moves), policy);
  const flows = new Set(moves.map(({ from, to }) => `${from}\n${to}`));
  const [givers, takers] = [new Set(moves.map(({ from }) => from)), new Set(moves.map(({ to }) => to))];
  return (
    !next.ok ||
    next.plan.moves.every(({ from, to }) => flows.has(`${from}\n${to}`) || !(takers.has(from) || givers.has(to)))
  );
}
