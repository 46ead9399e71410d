import type { Goal } from './goals.ts';

/** Steps into which a need is cut for the exact question; finer than what 1.1 × can tell apart. */
const steps = 1_000;

/**
 * Fewer bytes than this can't bring a tier within its limits, whoever plans it:
 *
 * - Every byte that moves leaves one shard. A shard over its upper limit must send away at least its excess, in whole
 *   partitions of its own: the lightest selection of them that weighs the excess. These add up.
 * - Every byte that moves comes to one shard. A shard under its lower limit must get at least what it lacks, in whole
 *   partitions of the others. These add up as well.
 *
 * The larger of the two sums. Partitions that come back, or go to shards that need none, only add to it.
 */
export function lowerBound(goals: readonly Goal[]): number {
  const out = goals.map(({ load, high, movable }) => lightest(movable, load - high));
  const into = goals.map((goal) =>
    lightest(
      goals.flatMap((other) => (other === goal ? [] : other.movable)),
      goal.low - goal.load,
    ),
  );
  return Math.max(sum(out), sum(into));
}

/**
 * A lower bound of the lightest selection that weighs at least `need`. Where a dozen smaller partitions are at hand it is
 * taken to be `need` itself. Else exactly, on sizes rounded up to a step: any true selection is then counted as well.
 */
function lightest(items: readonly { bytes: number }[], need: number): number {
  if (need <= 0) return 0;
  const smaller = items.filter(({ bytes }) => bytes < need).map(({ bytes }) => bytes);
  const single = Math.min(...items.filter(({ bytes }) => bytes >= need).map(({ bytes }) => bytes));
  if (smaller.length > 12) return need;
  const step = need / steps;
  const least = new Float64Array(steps + 1).fill(Infinity);
  least[0] = 0;
  for (const bytes of smaller) {
    const size = Math.ceil(bytes / step);
    for (let at = steps; at >= 0; at -= 1) {
      const to = Math.min(steps, at + size);
      least[to] = Math.min(least[to] ?? Infinity, (least[at] ?? Infinity) + bytes);
    }
  }
  const found = Math.min(single, least[steps] ?? Infinity);
  return Number.isFinite(found) ? Math.max(need, found) : need;
}

function sum(list: readonly number[]): number {
  return list.reduce((all, value) => all + value, 0);
}
