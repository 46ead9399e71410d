import type { Assignment } from './assignment.ts';

/** Partitions up to which it pays to try all, and looks at most. */
const mostUnits = 64;
const mostLooks = 20_000;

/**
 * All ways to place a handful of partitions, as far as the number of looks goes: where there are few and large ones, no rule
 * of thumb finds the lightest plan. Leaves `assignment` better than it was, or as it was.
 */
export function searchAll(assignment: Assignment): void {
  const { problem } = assignment;
  const { low, high } = problem.bands;
  const units = problem.movable.flatMap((list) => [...list]);
  if (units.length > mostUnits) return;
  units.sort((a, b) => assignment.size(b) - assignment.size(a) || a - b);
  const start = assignment.moved();
  let best = assignment.violation() === 0 ? assignment.movedBytes : Infinity;
  let found = start;
  let looks = 0;
  for (const { unit } of start) assignment.place(unit, assignment.home(unit));

  /** What must still move at least: every byte over a limit leaves, every byte short of one comes. */
  const missing = (): number => {
    let [over, under] = [0, 0];
    for (let shard = 0; shard < assignment.load.length; shard += 1) {
      const load = assignment.load[shard] ?? 0;
      over += Math.max(0, load - (high[shard] ?? 0));
      under += Math.max(0, (low[shard] ?? 0) - load);
    }
    return Math.max(over, under);
  };
  const descend = (at: number): void => {
    looks += 1;
    const least = missing();
    if (looks > mostLooks || assignment.movedBytes + least >= best) return;
    if (least === 0) {
      best = assignment.movedBytes;
      found = assignment.moved();
      return;
    }
    const unit = units[at];
    if (unit === undefined) return;
    const home = assignment.home(unit);
    descend(at + 1);
    for (let to = 0; to < assignment.load.length; to += 1) {
      if (to === home || !assignment.permits(unit, to)) continue;
      assignment.place(unit, to);
      descend(at + 1);
      assignment.place(unit, home);
    }
  };
  descend(0);
  for (const { unit, to } of found) assignment.place(unit, to);
}
