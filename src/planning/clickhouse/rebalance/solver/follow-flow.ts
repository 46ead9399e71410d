import type { Flow } from './limits.ts';
import { largestUpTo } from './by-size.ts';
import type { Assignment } from './assignment.ts';

/**
 * Sends what the flow asks for, the largest partitions that don't exceed it first: few moves, and never more than is
 * needed. What is left afterwards is less than the smallest partition that fits anywhere.
 */
export function construct(assignment: Assignment, flow: Flow): void {
  const give = Float64Array.from(flow.give);
  const take = Float64Array.from(flow.take);
  const count = give.length;
  // A pair for which nothing fits stays so: both amounts only shrink.
  const spent = new Uint8Array(count * count);
  for (;;) {
    let [from, to] = [largestOf(give), largestOf(take)];
    if (from === to || spent[from * count + to]) [from, to] = nextPair(give, take, spent);
    if (from < 0 || !give[from] || !take[to]) return;
    const unit = largestUpTo(assignment, from, to, Math.min(give[from] ?? 0, take[to] ?? 0));
    if (unit === undefined) {
      spent[from * count + to] = 1;
      continue;
    }
    assignment.place(unit, to);
    give[from]! -= assignment.size(unit);
    take[to]! -= assignment.size(unit);
  }
}

function largestOf(amounts: Float64Array): number {
  let largest = 0;
  for (let at = 1; at < amounts.length; at += 1) if ((amounts[at] ?? 0) > (amounts[largest] ?? 0)) largest = at;
  return largest;
}

/** The pair that allows most, of those for which something may fit; where several do, with most left to give and take. */
function nextPair(give: Float64Array, take: Float64Array, spent: Uint8Array): [from: number, to: number] {
  let [from, to, most] = [-1, -1, 0];
  for (let a = 0; a < give.length; a += 1) {
    for (let b = 0; b < take.length; b += 1) {
      const bytes = Math.min(give[a] ?? 0, take[b] ?? 0);
      if (a === b || spent[a * give.length + b] || bytes <= 0 || bytes < most) continue;
      if (bytes === most && (give[a] ?? 0) + (take[b] ?? 0) <= (give[from] ?? 0) + (take[to] ?? 0)) continue;
      [from, to, most] = [a, b, bytes];
    }
  }
  return [from, to];
}
