/**
 * The lightest selection that weighs at least `need` and less than `below`, or undefined. `sizes` falls from large to
 * small. Depth first, the largest first, so that of selections of about equal weight the one of fewer items is found;
 * bounded by `work` (a number of looks, not a clock: the same question always gets the same answer).
 */
export function lightestSelection(
  sizes: readonly number[],
  need: number,
  below: number,
  work: number,
  enough = 1e-3,
): number[] | undefined {
  let best = below;
  let found: number[] | undefined;
  let looks = 0;
  const chosen: number[] = [];
  // What is left from each item on: if all of it isn't enough, nothing is.
  const rest = new Float64Array(sizes.length + 1);
  for (let at = sizes.length - 1; at >= 0; at -= 1) rest[at] = (rest[at + 1] ?? 0) + (sizes[at] ?? 0);
  const good = need * (1 + enough);

  const take = (weight: number, last?: number) => {
    best = weight;
    found = last === undefined ? [...chosen] : [...chosen, last];
  };
  const search = (from: number, weight: number): void => {
    const missing = need - weight;
    // The smallest single item that completes it.
    const last = lastAtLeast(sizes, missing, from);
    if (last !== undefined && weight + (sizes[last] ?? 0) < best) take(weight + (sizes[last] ?? 0), last);
    const first = last === undefined ? from : last + 1;
    for (let at = first; at < sizes.length; at += 1) {
      looks += 1;
      if (looks > work || best <= good || (rest[at] ?? 0) < missing) return;
      // Equal items lead to equal selections.
      if (at > first && sizes[at] === sizes[at - 1]) continue;
      chosen.push(at);
      search(at + 1, weight + (sizes[at] ?? 0));
      chosen.pop();
    }
  };
  if (need <= 0) return below > 0 ? [] : undefined;
  search(0, 0);
  return found;
}

/** The last index from `from` on whose size is at least `least`, in a list that falls. */
function lastAtLeast(sizes: readonly number[], least: number, from: number): number | undefined {
  let [low, high] = [from, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sizes[middle] ?? 0) >= least) low = middle + 1;
    else high = middle;
  }
  return low > from ? low - 1 : undefined;
}
