import type { Assignment } from './assignment.ts';

/** Alternatives looked at for each partition, and pairs of moves compared. */
const neighbours = 24;
const comparedMoves = 300;

/**
 * Between plans of equal bytes: reads spread by weight, then fewer moves onto rows of the same partition, because those
 * can't be undone by a drop. Never more bytes, never outside the limits.
 */
export function breakTies(assignment: Assignment): void {
  const heated = assignment.problem.heatLoad.some((heat) => heat > 0);
  for (const { unit, to } of assignment.moved()) trade(assignment, unit, to, heated);
  const moved = assignment.moved();
  if (moved.length <= comparedMoves) exchange(assignment, moved, heated);
}

/** Another partition of the same shard, as large or a little smaller, that had better go. */
function trade(assignment: Assignment, unit: number, to: number, heated: boolean): void {
  const from = assignment.home(unit);
  const list = assignment.problem.movable[from] ?? new Int32Array();
  const at = list.indexOf(unit);
  // Reads first, then whether it can be taken back.
  const score = (one: number): [heat: number, mixes: number] => {
    const shift = (assignment.problem.heat[one] ?? 0) - (assignment.problem.heat[unit] ?? 0);
    return [heated ? heatGap(assignment, from, to, shift) : 0, mixed(assignment, one, to)];
  };
  let [best, least] = [unit, score(unit)];
  for (let place = Math.max(0, at - neighbours); place <= at + neighbours && place < list.length; place += 1) {
    const other = list[place] ?? unit;
    if (assignment.size(other) > assignment.size(unit)) break;
    if (assignment.at(other) !== from || assignment.problem.clashes(other, to)) continue;
    const [heat, mixes] = score(other);
    if (heat > least[0] || (heat === least[0] && mixes >= least[1])) continue;
    if (!staysWithin(assignment, from, to, assignment.size(other) - assignment.size(unit))) continue;
    [best, least] = [other, [heat, mixes]];
  }
  if (best === unit) return;
  assignment.place(unit, from);
  if (assignment.permits(best, to)) assignment.place(best, to);
  else assignment.place(unit, to);
}

/** Two that were sent to different shards, the other way round. */
function exchange(assignment: Assignment, moved: readonly { unit: number }[], heated: boolean): void {
  const { problem } = assignment;
  for (const [index, { unit: a }] of moved.entries()) {
    for (const { unit: b } of moved.slice(index + 1)) {
      const [one, two] = [assignment.at(a), assignment.at(b)];
      if (one === two || assignment.home(a) === two || assignment.home(b) === one) continue;
      const shift = (problem.heat[b] ?? 0) - (problem.heat[a] ?? 0);
      // `one` gets b for a: it gains `shift`, `two` loses it.
      const heat = heated ? heatGap(assignment, two, one, shift) - heatGap(assignment, two, one, 0) : 0;
      const mixes =
        mixed(assignment, a, two) + mixed(assignment, b, one) - mixed(assignment, a, one) - mixed(assignment, b, two);
      if (heat > 0 || (heat === 0 && mixes >= 0)) continue;
      if (!staysWithin(assignment, two, one, assignment.size(b) - assignment.size(a))) continue;
      assignment.place(a, assignment.home(a));
      assignment.place(b, assignment.home(b));
      if (assignment.permits(a, two) && assignment.permits(b, one)) {
        assignment.place(a, two);
        assignment.place(b, one);
      } else {
        assignment.place(a, one);
        assignment.place(b, two);
      }
    }
  }
}

function mixed(assignment: Assignment, unit: number, to: number): number {
  return assignment.problem.mixes(unit, to) ? 1 : 0;
}

/** Whether `more` bytes (or less) from one shard to another leave both as far from the limits as they are, or nearer. */
function staysWithin(assignment: Assignment, from: number, to: number, more: number): boolean {
  return assignment.gain(from, to, more) >= 0;
}

/** How far the reads per weight of two shards are apart if `shift` goes over, as a sum of squares. */
function heatGap(assignment: Assignment, from: number, to: number, shift: number): number {
  const { weight } = assignment.problem.scale;
  const [a, b] = [weight[from] ?? 0, weight[to] ?? 0];
  const [x, y] = [(assignment.heatLoad[from] ?? 0) - shift, (assignment.heatLoad[to] ?? 0) + shift];
  // Reads leave a shard of no weight whatever happens: only where they arrive counts.
  return (a > 0 ? (x * x) / a : 0) + (b > 0 ? (y * y) / b : 0);
}
