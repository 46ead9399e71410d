import type { ObjectFacts } from './types.ts';

/** `database.name`. */
export function fullName({ database, name }: Pick<ObjectFacts, 'database' | 'name'>): string {
  return `${database}.${name}`;
}

const kinds = ['Replicated', 'Distributed', 'View', 'MaterializedView'] as const;

/** Engines that a new server may get: what reads from outside, or keeps rows that nothing replicates, is a person's to make. */
export function isCopied({ engine }: Pick<ObjectFacts, 'engine'>): boolean {
  return rankOf(engine) >= 0;
}

/** A table that a run made for itself: the staging of a move, a former Distributed table, a canary. */
export function isPassing({ name }: Pick<ObjectFacts, 'name'>): boolean {
  return /__(?:mv|go|stay|before|between)_[0-9a-f]{12}(?:_\d+)?$|^gantry_canary_/.test(name);
}

function rankOf(engine: string): number {
  return kinds.findIndex((kind) => (kind === 'Replicated' ? /^Replicated\w*MergeTree$/.test(engine) : engine === kind));
}

/** Tables before what is over them, and whatever a statement names before it. Of the rest, and in a circle, by name. */
export function inOrder<T extends Pick<ObjectFacts, 'database' | 'name' | 'engine' | 'names'>>(
  objects: readonly T[],
): T[] {
  const left = [...objects].sort((a, b) => rankOf(a.engine) - rankOf(b.engine) || (fullName(a) < fullName(b) ? -1 : 1));
  const known = new Set(left.map(fullName));
  const made = new Set<string>();
  const ordered: T[] = [];
  while (left.length > 0) {
    const ready = left.findIndex((one) => one.names.every((name) => !known.has(name) || made.has(name)));
    const [next] = left.splice(Math.max(0, ready), 1);
    if (!next) break;
    made.add(fullName(next));
    ordered.push(next);
  }
  return ordered;
}
