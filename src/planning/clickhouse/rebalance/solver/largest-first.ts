import { largestUpTo } from './by-size.ts';
import type { Assignment } from './assignment.ts';

/**
 * The plain way, as a beginning among others, so that no plan is ever worse than it: as long as a shard is outside its
 * limits, the largest partition that fits goes from the fullest shard to the emptiest one, or to the next.
 */
export function largestFirst(assignment: Assignment, upTo: 'limits' | 'targets'): void {
  const { low, high, target } = assignment.problem.bands;
  const shards = Array.from(assignment.load, (_, shard) => shard);
  const floor = upTo === 'limits' ? low : target;
  const ceiling = upTo === 'limits' ? high : target;
  const fullness = (shard: number): number => {
    const load = assignment.load[shard] ?? 0;
    return target[shard] ? load / target[shard] : load > 0 ? Infinity : 0;
  };
  const next = (): { unit: number; to: number } | undefined => {
    const full = Float64Array.from(shards, fullness);
    const order = [...shards].sort((a, b) => ((full[a] ?? 0) < (full[b] ?? 0) ? 1 : full[a] === full[b] ? a - b : -1));
    for (const from of order) {
      for (const to of [...order].reverse()) {
        const [mine, theirs] = [assignment.load[from] ?? 0, assignment.load[to] ?? 0];
        // Between two that are well there is nothing to gain.
        if (from === to || (mine <= (high[from] ?? 0) && theirs >= (low[to] ?? 0))) continue;
        const most = Math.min(mine - (floor[from] ?? 0), (ceiling[to] ?? 0) - theirs);
        const unit = most > 0 ? largestUpTo(assignment, from, to, most) : undefined;
        if (unit !== undefined) return { unit, to };
      }
    }
    return undefined;
  };
  for (let step = next(); step && assignment.violation() > 0; step = next()) assignment.place(step.unit, step.to);
}
