/**
 * The part of a table's TTL that deletes or folds rows, from `engine_full`; undefined when it has none, or only moves and
 * recompresses. Pure.
 */
export function deleteTtl(engineFull: string): string | undefined {
  // Whatever stands in quotes may hold any word.
  const bare = engineFull.replaceAll(/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`/g, (quoted) => 'x'.repeat(quoted.length));
  const begin = /\bTTL\s/.exec(bare);
  if (!begin) return undefined;
  const from = begin.index + begin[0].length;
  const settings = bare.indexOf(' SETTINGS ', from);
  const until = settings < 0 ? bare.length : settings;
  const deleting = pieces(bare, from, until).filter(
    ([start, end]) => !/\b(TO\s+(DISK|VOLUME)|RECOMPRESS)\b/.test(bare.slice(start, end)),
  );
  if (deleting.length === 0) return undefined;
  return deleting.map(([start, end]) => engineFull.slice(start, end).trim()).join(', ');
}

/** Between the commas that stand in no brackets. */
function pieces(text: string, from: number, until: number): [number, number][] {
  const found: [number, number][] = [];
  let depth = 0;
  let start = from;
  for (let at = from; at < until; at += 1) {
    const char = text[at];
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char !== ',' || depth > 0) continue;
    found.push([start, at]);
    start = at + 1;
  }
  return [...found, [start, until]];
}
