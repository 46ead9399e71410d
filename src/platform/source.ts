import type { Document, Node, Pair, YAMLError } from 'yaml';
import {
  LineCounter,
  Scalar,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  parseDocument,
  visit,
} from 'yaml';

/** Something wrong at an offset of the text. */
export type Flaw = { offset: number; message: string };

/** A text of one line: its offsets, and the quotes around it, if any. */
export type Line = { start: number; end: number; quote: '' | "'" | '"' };

/** A YAML text that was read: its content as plain values, what is wrong with its syntax, and where everything stands. */
export type Source = {
  /** Undefined when the syntax is so broken that there is nothing to look at. */
  content: unknown;
  flaws: readonly Flaw[];
  /** Where the value at `path` begins; where it is missing, its nearest parent's key. */
  valueAt: (path: readonly PropertyKey[]) => number;
  /** Where the key at the end of `path` begins. */
  keyAt: (path: readonly PropertyKey[]) => number;
  /** Where a text of one line that stands at `path` itself begins and ends, quotes included; nothing for an alias or a block. */
  lineAt: (path: readonly PropertyKey[]) => Line | undefined;
  /** Whether the text has something at `path`. */
  has: (path: readonly PropertyKey[]) => boolean;
  /** `line:column` of an offset, both from 1. */
  place: (offset: number) => string;
};

/** Reads one YAML 1.2 document. Never throws: whatever the text is, the answer says what is wrong with it. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
    // Its warnings are flaws here, reported with their place; nothing goes to the process's warnings.
    logLevel: 'error',
  });
  const flaws: Flaw[] = [...document.errors, ...document.warnings].map((error) => inOurWords(error, text));
  flaws.push(...badAliases(document), ...badKeys(document));
  return {
    content: plain(document, flaws),
    flaws,
    valueAt: (path) => locate(document, path).value,
    keyAt: (path) => locate(document, path).key,
    lineAt: (path) => lineOf(locate(document, path).node),
    has: (path) => locate(document, path).found,
    place: (offset) => {
      const { line, col } = lines.linePos(offset);
      return `${Math.max(line, 1)}:${Math.max(col, 1)}`;
    },
  };
}

function inOurWords({ code, message, pos }: YAMLError, text: string): Flaw {
  const [offset] = pos;
  if (code === 'MULTIPLE_DOCS') return { offset, message: 'the file must hold one YAML document: this begins another' };
  if (code !== 'DUPLICATE_KEY') return { offset, message: message.split('\n')[0] ?? code };
  const key = /^[^:\s]*/.exec(text.slice(offset, offset + 80))?.[0] ?? '';
  return { offset, message: `the key ${key} appears twice in this map` };
}

function plain(document: Document.Parsed, flaws: Flaw[]): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    // What is left after badAliases: more aliases than any file needs, the shape of an attack.
    flaws.push({ offset: 0, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** Reports aliases that lead nowhere or into themselves, and puts null in their place, so that the rest can be read. */
function badAliases(document: Document.Parsed): Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Alias(_key, alias) {
      const offset = start(alias);
      const anchor = alias.resolve(document);
      const contains = anchor?.range && offset >= anchor.range[0] && offset < anchor.range[2];
      if (anchor && !contains) return undefined;
      const what = anchor ? 'is inside of what it names' : 'names no anchor before it';
      flaws.push({ offset, message: `the alias *${alias.source} ${what}` });
      const nothing = new Scalar(null);
      if (alias.range) nothing.range = alias.range;
      return nothing;
    },
  });
  return flaws;
}

/** Keys that would not survive as keys of an object, or would become something else there. */
function badKeys(document: Document.Parsed): Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Pair(_key, pair) {
      const key: unknown = isScalar(pair.key) ? pair.key.value : undefined;
      if ((typeof key === 'string' && key !== '__proto__') || typeof key === 'number') return;
      flaws.push({ offset: keyStart(pair), message: 'a key is text' });
    },
  });
  return flaws;
}

type Located = { key: number; value: number; found: boolean; node?: unknown };

function locate(document: Document.Parsed, path: readonly PropertyKey[]): Located {
  let node: unknown = document.contents;
  const first = node ? start(node) : 0;
  let at: Located = { key: first, value: first, found: true };
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    const item = isCollection(node) ? itemOf(node.items, part) : undefined;
    if (item === undefined) return { key: at.key, value: at.key, found: false };
    node = isPair(item) ? item.value : item;
    const key = isPair(item) ? keyStart(item) : start(item);
    at = { key, value: node ? start(node) : key, found: true, node };
  }
  return at;
}

const quotes: Readonly<Record<string, Line['quote']>> = { PLAIN: '', QUOTE_SINGLE: "'", QUOTE_DOUBLE: '"' };

function lineOf(node: unknown): Line | undefined {
  const quote = isScalar(node) ? quotes[node.type ?? ''] : undefined;
  if (!isScalar(node) || !node.range || quote === undefined) return undefined;
  return { start: node.range[0], end: node.range[1], quote };
}

function itemOf(items: readonly unknown[], part: PropertyKey): unknown {
  if (typeof part === 'number') return isPair(items[part]) ? undefined : items[part];
  return items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === part);
}

function keyStart(pair: Pair): number {
  return isNode(pair.key) ? start(pair.key) : isNode(pair.value) ? start(pair.value) : 0;
}

function start(node: unknown): number {
  if (isPair(node)) return keyStart(node);
  return (isNode(node) ? (node as Node).range?.[0] : undefined) ?? (isMap(node) ? keyStart(node.items[0] as Pair) : 0);
}
