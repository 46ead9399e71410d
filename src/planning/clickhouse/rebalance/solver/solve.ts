import { flowOf } from './limits.ts';
import { construct } from './follow-flow.ts';
import { largestFirst } from './largest-first.ts';
import { trim } from './trim.ts';
import { repair } from './repair.ts';
import { searchAll } from './search-all.ts';
import { breakTies } from './break-ties.ts';
import type { TierProblem } from './assignment.ts';
import { Assignment } from './assignment.ts';

/**
 * How much more than the least is sent at first: partitions can't be cut, and a plan without any play may not fit. What was
 * too much is taken back by `trim`.
 */
const plays = [0, 0.02, 0.06, 0.15, 0.5, 1];
/** The last ones only where no other beginning reaches the limits. */
const usualPlays = 4;
/** Nobody needs more tries for less than this part of the least. */
const good = 0.002;

/** With more partitions than this the flow is met so closely that the plain way can't be better. */
const mostForLargestFirst = 20_000;
/** Where partitions are few and large: more than this above the least, and all ways are tried. */
const fair = 0.01;

/**
 * Where to put what: within the limits with as few bytes as possible, or as near to them as pays. Several beginnings, each
 * repaired and trimmed; the best one. No clock and no chance: the same problem always has the same solution.
 */
export function solve(problem: TierProblem, worth: number): Assignment | undefined {
  const start = new Assignment(problem);
  const before = start.violation();
  if (before === 0) return undefined;
  const { bytes } = flowOf(problem.scale, problem.bands, 0);
  const steps = 200 + 4 * problem.accepts.length;
  let best = start;
  const from = (begin: (assignment: Assignment) => void): void => {
    const assignment = new Assignment(problem);
    begin(assignment);
    repair(assignment, steps);
    trim(assignment);
    if (best === start || compare(assignment, best) < 0) best = assignment;
  };
  for (const [turn, play] of plays.entries()) {
    if (best !== start && best.violation() === 0 && (turn >= usualPlays || best.movedBytes <= bytes * (1 + good)))
      break;
    from((assignment) => construct(assignment, flowOf(problem.scale, problem.bands, play)));
  }
  if (problem.movable.reduce((sum, list) => sum + list.length, 0) <= mostForLargestFirst) {
    from((assignment) => largestFirst(assignment, 'limits'));
    from((assignment) => largestFirst(assignment, 'targets'));
  }
  if (best.violation() > 0 || best.movedBytes > bytes * (1 + fair)) searchAll(best);
  if (best.violation() > 0) takeBackIdle(best, worth);
  const after = best.violation();
  // Nothing that does not bring it nearer is worth a byte.
  if (best.movedBytes === 0 || after >= before) return undefined;
  if (after > 0 && before - after < worth * best.movedBytes) return undefined;
  breakTies(best);
  return best;
}

/** Nearer to the limits, then fewer bytes, then fewer moves. */
function compare(a: Assignment, b: Assignment): number {
  return a.violation() - b.violation() || a.movedBytes - b.movedBytes || a.moved().length - b.moved().length;
}

/** Where the limits can't be reached, what gains too little for its bytes stays at home. */
function takeBackIdle(assignment: Assignment, worth: number): void {
  const moved = assignment.moved().sort((a, b) => assignment.size(b.unit) - assignment.size(a.unit) || a.unit - b.unit);
  for (const { unit, to } of moved) {
    const lost = -assignment.gain(to, assignment.home(unit), assignment.size(unit));
    if (lost < worth * assignment.size(unit)) assignment.place(unit, assignment.home(unit));
  }
}
