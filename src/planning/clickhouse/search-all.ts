import type { Spread } from './spread.ts';

/** Partitions up to which it pays to try all, and looks at most. */
const mostUnits = 64;
const mostLooks = 20_000;

/**
 * All ways to place a handful of partitions, as far as the number of looks goes: where there are few and large ones, no rule
 * of thumb finds the lightest plan. Leaves `spread` better than it was, or as it was.
 */
export function searchAll(spread: Spread): void {
  const { problem } = spread;
  const { low, high } = problem.bands;
  const units = problem.movable.flatMap((list) => [...list]);
  if (units.length > mostUnits) return;
  units.sort((a, b) => spread.size(b) - spread.size(a) || a - b);
  const start = spread.moved();
  let best = spread.violation() === 0 ? spread.movedBytes : Infinity;
  let found = start;
  let looks = 0;
  for (const { unit } of start) spread.place(unit, spread.home(unit));

  /** What must still move at least: every byte over a limit leaves, every byte short of one comes. */
  const missing = (): number => {
    let [over, under] = [0, 0];
    for (let shard = 0; shard < spread.load.length; shard += 1) {
      const load = spread.load[shard] ?? 0;
      over += Math.max(0, load - (high[shard] ?? 0));
      under += Math.max(0, (low[shard] ?? 0) - load);
    }
    return Math.max(over, under);
  };
  const descend = (at: number): void => {
    looks += 1;
    const least = missing();
    if (looks > mostLooks || spread.movedBytes + least >= best) return;
    if (least === 0) {
      best = spread.movedBytes;
      found = spread.moved();
      return;
    }
    const unit = units[at];
    if (unit === undefined) return;
    const home = spread.home(unit);
    descend(at + 1);
    for (let to = 0; to < spread.load.length; to += 1) {
      if (to === home || !spread.permits(unit, to)) continue;
      spread.place(unit, to);
      descend(at + 1);
      spread.place(unit, home);
    }
  };
  descend(0);
  for (const { unit, to } of found) spread.place(unit, to);
}
