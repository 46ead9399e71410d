/** Where two sequences of the same writes part. */
export type Divergence =
  /** All that follow this index of the old primary's writes, the new one never got. */
  { found: true; after: number } | { found: false; why: string };

/**
 * The old primary's writes and the last ones that the new primary got from it → where they part. The last common writes
 * must be found, all in a row, at exactly one place; or the file ends inside of them (it was not synced at every write):
 * then the file has nothing that the new primary lacks. Pure.
 */
export function findDivergence(old: readonly string[], common: readonly string[]): Divergence {
  const last = common.at(-1);
  if (last === undefined) return { found: false, why: 'the backlog of the new primary holds no write of the old one' };
  const places = placesOf(old, common);
  const [one, ...more] = places;
  if (one !== undefined && more.length === 0) return { found: true, after: one };
  if (more.length > 0) return { found: false, why: `the last common writes are in the file ${places.length} times` };
  for (let length = common.length - 1; length > 0; length -= 1) {
    if (endsWith(old, common.slice(0, length))) return { found: true, after: old.length - 1 };
  }
  return { found: false, why: 'the last writes that the new primary got are not in the file of the old one' };
}

/** Where in `old` all of `common` ends. Knuth, Morris and Pratt: many equal writes in a row must not take long. */
function placesOf(old: readonly string[], common: readonly string[]): number[] {
  const fallback = fallbacksOf(common);
  const places: number[] = [];
  let matched = 0;
  for (const [at, write] of old.entries()) {
    while (matched > 0 && common[matched] !== write) matched = fallback[matched - 1] ?? 0;
    if (common[matched] === write) matched += 1;
    if (matched === common.length) {
      places.push(at);
      matched = fallback[matched - 1] ?? 0;
    }
  }
  return places;
}

/** For each length, how much of a beginning of `common` its end is. */
function fallbacksOf(common: readonly string[]): number[] {
  const fallback = [0];
  let matched = 0;
  for (let at = 1; at < common.length; at += 1) {
    while (matched > 0 && common[matched] !== common[at]) matched = fallback[matched - 1] ?? 0;
    if (common[matched] === common[at]) matched += 1;
    fallback.push(matched);
  }
  return fallback;
}

function endsWith(old: readonly string[], part: readonly string[]): boolean {
  return part.length <= old.length && part.every((write, index) => old[old.length - part.length + index] === write);
}
