import type { Goal } from './goals.ts';
import { outsideOf } from './goals.ts';

export type GreedyPlan = { bytes: number; moves: number; outside: number };

/**
 * What a sensible engineer would write: as long as a shard is outside its limits, the largest partition that fits goes from
 * the fullest shard to the emptiest one (to the next emptiest, or from the next fullest, where none fits). `upTo` says when
 * one fits: `limits`, if both shards stay inside their limits; `shares`, if neither goes past its share.
 */
export function greedy(goals: readonly Goal[], upTo: 'limits' | 'shares'): GreedyPlan {
  const loads = new Map(goals.map(({ shard, load }) => [shard, load]));
  const stock = new Map(goals.map(({ shard, movable }) => [shard, [...movable].sort((a, b) => b.bytes - a.bytes)]));
  const share = ({ low, high }: Goal) => (low + high) / 2;
  const fullness = (goal: Goal) => {
    const load = loads.get(goal.shard) ?? 0;
    return share(goal) === 0 ? (load > 0 ? Infinity : 0) : load / share(goal);
  };
  let [bytes, moves] = [0, 0];
  while (outsideOf(goals, loads) > 0) {
    const byFullness = [...goals].sort((a, b) => fullness(b) - fullness(a));
    const step = nextStep(byFullness, loads, stock, (goal) =>
      upTo === 'shares' ? [share(goal), share(goal)] : [goal.low, goal.high],
    );
    if (!step) break;
    const { from, to, size, at } = step;
    stock.get(from)?.splice(at, 1);
    loads.set(from, (loads.get(from) ?? 0) - size);
    loads.set(to, (loads.get(to) ?? 0) + size);
    bytes += size;
    moves += 1;
  }
  return { bytes, moves, outside: outsideOf(goals, loads) };
}

function nextStep(
  byFullness: readonly Goal[],
  loads: ReadonlyMap<string, number>,
  stock: ReadonlyMap<string, { id: string; bytes: number }[]>,
  edges: (goal: Goal) => [number, number],
) {
  for (const giver of byFullness) {
    for (const taker of [...byFullness].reverse()) {
      if (giver === taker || taker.high === 0) continue;
      const load = { giver: loads.get(giver.shard) ?? 0, taker: loads.get(taker.shard) ?? 0 };
      const most = Math.min(load.giver - edges(giver)[0], edges(taker)[1] - load.taker);
      // Moves between two shards that are both well are no progress.
      if (load.giver <= giver.high && load.taker >= taker.low) continue;
      const at = (stock.get(giver.shard) ?? []).findIndex(({ id, bytes }) => bytes <= most && !taker.flagged.has(id));
      if (at < 0) continue;
      return { from: giver.shard, to: taker.shard, size: stock.get(giver.shard)?.[at]?.bytes ?? 0, at };
    }
  }
  return undefined;
}
