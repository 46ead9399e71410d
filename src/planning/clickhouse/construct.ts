import type { Flow } from './bands.ts';
import { largestUpTo } from './shelf.ts';
import type { Spread } from './spread.ts';

/**
 * Sends what the flow asks for, the largest partitions that don't exceed it first: few moves, and never more than is
 * needed. What is left afterwards is less than the smallest partition that fits anywhere.
 */
export function construct(spread: Spread, flow: Flow): void {
  const give = Float64Array.from(flow.give);
  const take = Float64Array.from(flow.take);
  const count = give.length;
  // A pair for which nothing fits stays so: both amounts only shrink.
  const spent = new Uint8Array(count * count);
  for (;;) {
    let [from, to, most] = [-1, -1, 0];
    for (let a = 0; a < count; a += 1) {
      for (let b = 0; b < count; b += 1) {
        const bytes = Math.min(give[a] ?? 0, take[b] ?? 0);
        // Where several pairs allow as much, those with the most left to give and to take.
        if (a === b || spent[a * count + b] || bytes <= 0 || bytes < most) continue;
        if (bytes === most && (give[a] ?? 0) + (take[b] ?? 0) <= (give[from] ?? 0) + (take[to] ?? 0)) continue;
        [from, to, most] = [a, b, bytes];
      }
    }
    if (from < 0) return;
    const unit = largestUpTo(spread, from, to, most);
    if (unit === undefined) {
      spent[from * count + to] = 1;
      continue;
    }
    spread.place(unit, to);
    give[from]! -= spread.size(unit);
    take[to]! -= spread.size(unit);
  }
}
