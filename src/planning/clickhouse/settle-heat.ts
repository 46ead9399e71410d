import type { Spread } from './spread.ts';

/** Alternatives looked at for each partition, and pairs of moves compared. */
const neighbours = 24;
const comparedMoves = 300;

/**
 * Between plans of equal bytes: reads spread by weight, then fewer moves onto rows of the same partition, because those
 * can't be undone by a drop. Never more bytes, never outside the limits.
 */
export function settleHeat(spread: Spread): void {
  const heated = spread.problem.heatLoad.some((heat) => heat > 0);
  for (const { unit, to } of spread.moved()) trade(spread, unit, to, heated);
  const moved = spread.moved();
  if (moved.length <= comparedMoves) exchange(spread, moved, heated);
}

/** Another partition of the same shard, as large or a little smaller, that had better go. */
function trade(spread: Spread, unit: number, to: number, heated: boolean): void {
  const from = spread.home(unit);
  const list = spread.problem.movable[from] ?? new Int32Array();
  const at = list.indexOf(unit);
  // Reads first, then whether it can be taken back.
  const score = (one: number): [heat: number, mixes: number] => {
    const shift = (spread.problem.heat[one] ?? 0) - (spread.problem.heat[unit] ?? 0);
    return [heated ? heatGap(spread, from, to, shift) : 0, mixed(spread, one, to)];
  };
  let [best, least] = [unit, score(unit)];
  for (let place = Math.max(0, at - neighbours); place <= at + neighbours && place < list.length; place += 1) {
    const other = list[place] ?? unit;
    if (spread.size(other) > spread.size(unit)) break;
    if (spread.at(other) !== from || spread.problem.clashes(other, to)) continue;
    const [heat, mixes] = score(other);
    if (heat > least[0] || (heat === least[0] && mixes >= least[1])) continue;
    if (!staysWithin(spread, from, to, spread.size(other) - spread.size(unit))) continue;
    [best, least] = [other, [heat, mixes]];
  }
  if (best === unit) return;
  spread.place(unit, from);
  if (spread.permits(best, to)) spread.place(best, to);
  else spread.place(unit, to);
}

/** Two that were sent to different shards, the other way round. */
function exchange(spread: Spread, moved: readonly { unit: number }[], heated: boolean): void {
  const { problem } = spread;
  for (const [index, { unit: a }] of moved.entries()) {
    for (const { unit: b } of moved.slice(index + 1)) {
      const [one, two] = [spread.at(a), spread.at(b)];
      if (one === two || spread.home(a) === two || spread.home(b) === one) continue;
      const shift = (problem.heat[b] ?? 0) - (problem.heat[a] ?? 0);
      // `one` gets b for a: it gains `shift`, `two` loses it.
      const heat = heated ? heatGap(spread, two, one, shift) - heatGap(spread, two, one, 0) : 0;
      const mixes = mixed(spread, a, two) + mixed(spread, b, one) - mixed(spread, a, one) - mixed(spread, b, two);
      if (heat > 0 || (heat === 0 && mixes >= 0)) continue;
      if (!staysWithin(spread, two, one, spread.size(b) - spread.size(a))) continue;
      spread.place(a, spread.home(a));
      spread.place(b, spread.home(b));
      if (spread.permits(a, two) && spread.permits(b, one)) {
        spread.place(a, two);
        spread.place(b, one);
      } else {
        spread.place(a, one);
        spread.place(b, two);
      }
    }
  }
}

function mixed(spread: Spread, unit: number, to: number): number {
  return spread.problem.mixes(unit, to) ? 1 : 0;
}

/** Whether `more` bytes (or less) from one shard to another leave both as far from the limits as they are, or nearer. */
function staysWithin(spread: Spread, from: number, to: number, more: number): boolean {
  return spread.gain(from, to, more) >= 0;
}

/** How far the reads per weight of two shards are apart if `shift` goes over, as a sum of squares. */
function heatGap(spread: Spread, from: number, to: number, shift: number): number {
  const { weight } = spread.problem.scale;
  const [a, b] = [weight[from] ?? 0, weight[to] ?? 0];
  const [x, y] = [(spread.heatLoad[from] ?? 0) - shift, (spread.heatLoad[to] ?? 0) + shift];
  // Reads leave a shard of no weight whatever happens: only where they arrive counts.
  return (a > 0 ? (x * x) / a : 0) + (b > 0 ? (y * y) / b : 0);
}
