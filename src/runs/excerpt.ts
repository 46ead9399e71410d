import { jsonBytes, payloadLimits } from './stored.ts';

/** Ever less of it, until it fits. */
const cuts = [
  { entries: 8, keys: 40, text: 200, depth: 4 },
  { entries: 3, keys: 20, text: 120, depth: 3 },
  { entries: 1, keys: 10, text: 60, depth: 2 },
] as const;

type Cut = (typeof cuts)[number];

/** How a value begins, in its own form: the first entries of lists, the beginning of texts. Never larger than `bytes`. */
export function excerptOf(value: unknown, bytes: number = payloadLimits.excerpt): unknown {
  for (const cut of cuts) {
    const short = cutTo(value, cut, 0);
    if (jsonBytes(short) <= bytes) return short;
  }
  return cutText(JSON.stringify(value) ?? '', Math.floor(bytes / 4));
}

/** A text, or its beginning and how much is missing. */
export function cutText(text: string, characters: number): string {
  return text.length <= characters
    ? text
    : `${text.slice(0, characters)}… (${text.length - characters} more characters)`;
}

function cutTo(value: unknown, cut: Cut, depth: number): unknown {
  if (typeof value === 'string') return cutText(value, cut.text);
  if (typeof value !== 'object' || value === null) return value;
  const isList = Array.isArray(value);
  if (depth >= cut.depth) return isList ? `(${value.length} entries)` : `(${Object.keys(value).length} fields)`;
  if (isList) {
    const more = value.length - cut.entries;
    const shown: unknown[] = value.slice(0, cut.entries).map((entry) => cutTo(entry, cut, depth + 1));
    return more > 0 ? [...shown, `… ${more} more`] : shown;
  }
  const fields = Object.entries(value);
  const more = fields.length - cut.keys;
  return Object.fromEntries([
    ...fields.slice(0, cut.keys).map(([name, held]) => [cutText(name, cut.text), cutTo(held, cut, depth + 1)]),
    ...(more > 0 ? [['…', `${more} more`]] : []),
  ]);
}
