import { isKept } from '../../runs/index.ts';
import { compact } from './problem.ts';

/** One leaf that differs: `discovery.primary.port  25449 → 30701`. */
export type Difference = { path: string; before: unknown; after: unknown };

/** What differs between two observations, leaf by leaf; items of a list that have a `name` are matched by it. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => compact(old.get(path)) !== compact(now.get(path)))
    .map((path) => ({ path, before: old.get(path), after: now.get(path) }));
}

function leaves(value: unknown, path = '', into = new Map<string, unknown>()): Map<string, unknown> {
  if (typeof value !== 'object' || value === null || isKept(value)) {
    into.set(path || '(value)', value);
    return into;
  }
  for (const [key, held] of Object.entries(value)) {
    const name = Array.isArray(value) ? nameOf(held, key) : key;
    leaves(held, path === '' ? name : `${path}.${name}`, into);
  }
  return into;
}

function nameOf(item: unknown, index: string): string {
  const name = typeof item === 'object' && item !== null ? (item as { name?: unknown }).name : undefined;
  return typeof name === 'string' ? name : index;
}
