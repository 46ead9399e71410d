import type { Assignment } from './assignment.ts';
import { lightestSelection } from './subset-sum.ts';

/** Looks of one selection, and partitions sent among which it chooses again. */
const work = 4_000;
const renewed = 40;

/** What was sent from one shard to another, small to large. */
export function sentBetween(assignment: Assignment, from: number, to: number): number[] {
  const sent = [...(assignment.incoming[to] ?? [])].filter((unit) => assignment.home(unit) === from);
  // Within a shard the order of the units is small to large.
  return sent.sort((a, b) => a - b);
}

/**
 * Sends the lightest selection of partitions in place of what is sent from one shard to another, so that at least `least`
 * and less than `most` bytes more than now go over (both may be negative). Whether there is one.
 */
export function reselect(assignment: Assignment, from: number, to: number, least: number, most: number): boolean {
  // Of very many, the largest stay: what has to be trimmed is small beside them.
  const old = new Set(sentBetween(assignment, from, to).slice(0, renewed));
  const now = [...old].reduce((sum, unit) => sum + assignment.size(unit), 0);
  const pool: number[] = [];
  const movable = assignment.problem.movable[from] ?? new Int32Array();
  for (let at = movable.length - 1; at >= 0; at -= 1) {
    const unit = movable[at] ?? 0;
    if (old.has(unit)) pool.push(unit);
    else if (assignment.size(unit) < now + most && assignment.at(unit) === from && assignment.permits(unit, to))
      pool.push(unit);
  }
  const sizes = pool.map((unit) => assignment.size(unit));
  const chosen = lightestSelection(sizes, now + least, now + most, work);
  if (!chosen) return false;
  const next = new Set(chosen.map((at) => pool[at] ?? 0));
  for (const unit of old) if (!next.has(unit)) assignment.place(unit, from);
  for (const unit of next) {
    if (assignment.permits(unit, to)) assignment.place(unit, to);
    else {
      // Several that fit one by one need not fit together: back to what was sent.
      for (const one of next) if (!old.has(one)) assignment.place(one, from);
      for (const one of old) assignment.place(one, to);
      return false;
    }
  }
  return true;
}
