import type { Assignment } from './assignment.ts';

/** The first position in `list`, small to large, whose unit has at least `bytes`. */
export function firstAtLeast(list: Int32Array, sizes: Float64Array, bytes: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sizes[list[middle] ?? 0] ?? 0) >= bytes) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Positions looked at in one question: a table of which nearly nothing may go to one shard would cost all its partitions. */
const looks = 2_000;

/** The largest unit of at most `bytes` that is still at home on `from` and may go to `to`. */
export function largestUpTo(assignment: Assignment, from: number, to: number, bytes: number): number | undefined {
  const list = assignment.problem.movable[from] ?? new Int32Array();
  let at = firstAtLeast(list, assignment.problem.bytes, bytes);
  if (at < list.length && assignment.size(list[at] ?? 0) === bytes) {
    // All units of exactly this size: begin with the last of them.
    while (at + 1 < list.length && assignment.size(list[at + 1] ?? 0) === bytes) at += 1;
  } else at -= 1;
  for (let seen = 0; at >= 0 && seen < looks; at -= 1, seen += 1) {
    const unit = list[at] ?? 0;
    if (assignment.at(unit) === from && assignment.permits(unit, to)) return unit;
  }
  return undefined;
}

/** The smallest unit of at least `bytes` that is still at home on `from` and may go to `to`. */
export function smallestFrom(assignment: Assignment, from: number, to: number, bytes: number): number | undefined {
  const list = assignment.problem.movable[from] ?? new Int32Array();
  for (
    let at = firstAtLeast(list, assignment.problem.bytes, bytes), seen = 0;
    at < list.length && seen < looks;
    at += 1
  ) {
    const unit = list[at] ?? 0;
    if (assignment.at(unit) === from && assignment.permits(unit, to)) return unit;
    seen += 1;
  }
  return undefined;
}
