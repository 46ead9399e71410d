import { reselect } from './reselect.ts';
import { largestUpTo, smallestFrom } from './by-size.ts';
import type { Assignment } from './assignment.ts';

type Step = { unit: number; to: number; gain: number; bytes: number };

/** Where single steps are at an end, this many steps in two are tried: a matter of small clusters with large partitions. */
const mostPairs = 60;

/**
 * Step by step nearer to the limits, beginning with the shard that is furthest outside: each time the move that gains most
 * per byte. A partition that has been sent somewhere already is sent elsewhere for nothing. Where no single move helps, two:
 * one that fixes the shard at another's cost, and one that fixes the other.
 */
export function repair(assignment: Assignment, most: number): void {
  let pairs = 0;
  for (let turn = 0; turn < most; turn += 1) {
    const worst = outsiders(assignment);
    if (!worst.length) return;
    const step = firstOf(worst, (shard) => bestStep(assignment, shard, 0));
    if (step) assignment.place(step.unit, step.to);
    else {
      pairs += 1;
      if (pairs > mostPairs) return;
      if (!worst.some((shard) => otherSelection(assignment, shard) || twoSteps(assignment, shard))) return;
    }
  }
}

function outsiders(assignment: Assignment): number[] {
  const far = Array.from(assignment.load, (bytes, shard) => assignment.outsideAt(shard, bytes));
  return Array.from(far, (_, shard) => shard)
    .filter((shard) => (far[shard] ?? 0) > 0)
    .sort((x, y) => (far[y] ?? 0) - (far[x] ?? 0) || x - y);
}

function firstOf<T>(shards: readonly number[], find: (shard: number) => T | undefined): T | undefined {
  for (const shard of shards) {
    const found = find(shard);
    if (found) return found;
  }
  return undefined;
}

/** The best step that fixes `shard` and gains more than `least` in all. */
function bestStep(assignment: Assignment, shard: number, least: number): Step | undefined {
  let best: Step | undefined;
  for (const [unit, to] of stepsFor(assignment, shard)) {
    const step = stepOf(assignment, unit, to);
    if (step.gain > least) best = better(best, step);
  }
  return best;
}

function* stepsFor(assignment: Assignment, shard: number): Generator<[unit: number, to: number]> {
  const over = (assignment.load[shard] ?? 0) > (assignment.problem.bands.high[shard] ?? 0);
  for (let other = 0; other < assignment.load.length; other += 1) {
    if (other === shard) continue;
    const [from, to] = over ? [shard, other] : [other, shard];
    for (const unit of candidates(assignment, from, to)) yield [unit, to];
  }
}

/** Whether another selection between `shard` and one other brings both within their limits. */
function otherSelection(assignment: Assignment, shard: number): boolean {
  const { low, high } = assignment.problem.bands;
  const over = (assignment.load[shard] ?? 0) > (high[shard] ?? 0);
  for (let other = 0; other < assignment.load.length; other += 1) {
    if (other === shard) continue;
    const [from, to] = over ? [shard, other] : [other, shard];
    const [mine, theirs] = [assignment.load[from] ?? 0, assignment.load[to] ?? 0];
    const least = Math.max(mine - (high[from] ?? 0), (low[to] ?? 0) - theirs);
    const most = Math.min(mine - (low[from] ?? 0), (high[to] ?? 0) - theirs);
    if (least < most && reselect(assignment, from, to, least, most)) return true;
  }
  return false;
}

/** Tries each step that fixes `shard`, followed by the best one that fixes whom it hurt. Whether two were found that pay. */
function twoSteps(assignment: Assignment, shard: number): boolean {
  const before = assignment.violation();
  let best: { steps: [Step, Step]; after: number; bytes: number } | undefined;
  for (const [unit, to] of [...stepsFor(assignment, shard)]) {
    const first = stepOf(assignment, unit, to);
    const from = assignment.at(unit);
    assignment.place(unit, to);
    const hurt = from === shard ? to : from;
    const second =
      assignment.outsideAt(hurt, assignment.load[hurt] ?? 0) > 0 ? bestStep(assignment, hurt, 0) : undefined;
    if (second && second.unit !== unit) {
      const after = assignment.violation() - second.gain;
      const bytes = first.bytes + second.bytes;
      if (after < before && (!best || after < best.after || (after === best.after && bytes < best.bytes))) {
        best = { steps: [first, second], after, bytes };
      }
    }
    assignment.place(unit, from);
  }
  for (const { unit, to } of best?.steps ?? []) assignment.place(unit, to);
  return best !== undefined;
}

/** Of partitions that have not moved: those of about the size that would help. Of those that have: all. */
function* candidates(assignment: Assignment, from: number, to: number): Generator<number> {
  const { low, high } = assignment.problem.bands;
  const [mine, theirs] = [assignment.load[from] ?? 0, assignment.load[to] ?? 0];
  const marks = new Set([
    mine - (high[from] ?? 0),
    mine - (low[from] ?? 0),
    (low[to] ?? 0) - theirs,
    (high[to] ?? 0) - theirs,
  ]);
  for (const mark of marks) {
    if (mark <= 0) continue;
    const down = largestUpTo(assignment, from, to, mark);
    const up = smallestFrom(assignment, from, to, mark);
    if (down !== undefined) yield down;
    if (up !== undefined) yield up;
  }
  for (const unit of assignment.incoming[from] ?? []) if (assignment.permits(unit, to)) yield unit;
}

function stepOf(assignment: Assignment, unit: number, to: number): Step {
  const from = assignment.at(unit);
  const size = assignment.size(unit);
  const gain = assignment.gain(from, to, size);
  const home = assignment.home(unit);
  return { unit, to, gain, bytes: from === home ? size : to === home ? -size : 0 };
}

function better(a: Step | undefined, b: Step | undefined): Step | undefined {
  if (!a || !b) return a ?? b;
  if (a.bytes <= 0 || b.bytes <= 0) {
    return (b.bytes - a.bytes || a.gain - b.gain || b.unit - a.unit || b.to - a.to) >= 0 ? a : b;
  }
  const worth = a.gain / a.bytes - b.gain / b.bytes;
  return (worth || a.gain - b.gain || b.unit - a.unit || b.to - a.to) >= 0 ? a : b;
}
