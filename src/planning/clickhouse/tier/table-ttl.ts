/**
 * A table's own TTL as the server writes it: the whole, the parts of it that delete or fold rows, and those that only move
 * or recompress. Empty lists where there is none of a kind.
 */
export type TableTtl = { whole: string; deletes: readonly string[]; keeps: readonly string[] };

/** `engine_full` → the table's TTL; undefined when it has none. Pure. */
export function tableTtl(engineFull: string): TableTtl | undefined {
  // Whatever stands in quotes may hold any word.
  const bare = engineFull.replaceAll(/'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`/g, (quoted) => 'x'.repeat(quoted.length));
  const begin = /\bTTL\s/.exec(bare);
  if (!begin) return undefined;
  const from = begin.index + begin[0].length;
  const settings = bare.indexOf(' SETTINGS ', from);
  const until = settings < 0 ? bare.length : settings;
  const found = pieces(bare, from, until).map(([start, end]) => ({
    text: engineFull.slice(start, end).trim(),
    keeps: /\b(TO\s+(DISK|VOLUME)|RECOMPRESS)\b/.test(bare.slice(start, end)),
  }));
  return {
    whole: engineFull.slice(from, until).trim(),
    deletes: found.flatMap(({ text, keeps }) => (keeps ? [] : [text])),
    keeps: found.flatMap(({ text, keeps }) => (keeps ? [text] : [])),
  };
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
