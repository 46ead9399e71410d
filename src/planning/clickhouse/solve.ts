import { flowOf } from './bands.ts';
import { construct } from './construct.ts';
import { largestFirst } from './largest-first.ts';
import { polish } from './polish.ts';
import { repair } from './repair.ts';
import { searchAll } from './search-all.ts';
import { settleHeat } from './settle-heat.ts';
import type { TierProblem } from './spread.ts';
import { Spread } from './spread.ts';

/**
 * How much more than the least is sent at first: partitions can't be cut, and a plan without any play may not fit. What was
 * too much is taken back by `polish`.
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
 * repaired and polished; the best one. No clock and no chance: the same problem always has the same solution.
 */
export function solve(problem: TierProblem, worth: number): Spread | undefined {
  const start = new Spread(problem);
  const before = start.violation();
  if (before === 0) return undefined;
  const { bytes } = flowOf(problem.scale, problem.bands, 0);
  const steps = 200 + 4 * problem.accepts.length;
  let best = start;
  const from = (begin: (spread: Spread) => void): void => {
    const spread = new Spread(problem);
    begin(spread);
    repair(spread, steps);
    polish(spread);
    if (best === start || compare(spread, best) < 0) best = spread;
  };
  for (const [turn, play] of plays.entries()) {
    if (best !== start && best.violation() === 0 && (turn >= usualPlays || best.movedBytes <= bytes * (1 + good)))
      break;
    from((spread) => construct(spread, flowOf(problem.scale, problem.bands, play)));
  }
  if (problem.movable.reduce((sum, list) => sum + list.length, 0) <= mostForLargestFirst) {
    from((spread) => largestFirst(spread, 'limits'));
    from((spread) => largestFirst(spread, 'targets'));
  }
  if (best.violation() > 0 || best.movedBytes > bytes * (1 + fair)) searchAll(best);
  if (best.violation() > 0) takeBackIdle(best, worth);
  const after = best.violation();
  // Nothing that does not bring it nearer is worth a byte.
  if (best.movedBytes === 0 || after >= before) return undefined;
  if (after > 0 && before - after < worth * best.movedBytes) return undefined;
  settleHeat(best);
  return best;
}

/** Nearer to the limits, then fewer bytes, then fewer moves. */
function compare(a: Spread, b: Spread): number {
  return a.violation() - b.violation() || a.movedBytes - b.movedBytes || a.moved().length - b.moved().length;
}

/** Where the limits can't be reached, what gains too little for its bytes stays at home. */
function takeBackIdle(spread: Spread, worth: number): void {
  const moved = spread.moved().sort((a, b) => spread.size(b.unit) - spread.size(a.unit) || a.unit - b.unit);
  for (const { unit, to } of moved) {
    const lost = -spread.gain(to, spread.home(unit), spread.size(unit));
    if (lost < worth * spread.size(unit)) spread.place(unit, spread.home(unit));
  }
}
