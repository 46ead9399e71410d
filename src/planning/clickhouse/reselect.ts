import type { Spread } from './spread.ts';
import { lightestSelection } from './subset.ts';

/** Looks of one selection, and partitions sent among which it chooses anew. */
const work = 4_000;
const renewed = 40;

/** What was sent from one shard to another, small to large. */
export function sentBetween(spread: Spread, from: number, to: number): number[] {
  const sent = [...(spread.incoming[to] ?? [])].filter((unit) => spread.home(unit) === from);
  // Within a shard the order of the units is small to large.
  return sent.sort((a, b) => a - b);
}

/**
 * Sends the lightest selection of partitions in place of what is sent from one shard to another, so that at least `least`
 * and less than `most` bytes more than now go over (both may be negative). Whether there is one.
 */
export function reselect(spread: Spread, from: number, to: number, least: number, most: number): boolean {
  // Of very many, the largest stay: what has to be trimmed is small beside them.
  const old = new Set(sentBetween(spread, from, to).slice(0, renewed));
  const now = [...old].reduce((sum, unit) => sum + spread.size(unit), 0);
  const pool: number[] = [];
  const movable = spread.problem.movable[from] ?? new Int32Array();
  for (let at = movable.length - 1; at >= 0; at -= 1) {
    const unit = movable[at] ?? 0;
    if (old.has(unit)) pool.push(unit);
    else if (spread.size(unit) < now + most && spread.at(unit) === from && spread.permits(unit, to)) pool.push(unit);
  }
  const sizes = pool.map((unit) => spread.size(unit));
  const chosen = lightestSelection(sizes, now + least, now + most, work);
  if (!chosen) return false;
  const next = new Set(chosen.map((at) => pool[at] ?? 0));
  for (const unit of old) if (!next.has(unit)) spread.place(unit, from);
  for (const unit of next) {
    if (spread.permits(unit, to)) spread.place(unit, to);
    else {
      // Several that fit one by one need not fit together: back to what was sent.
      for (const one of next) if (!old.has(one)) spread.place(one, from);
      for (const one of old) spread.place(one, to);
      return false;
    }
  }
  return true;
}
