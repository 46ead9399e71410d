import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { GantryError } from '../../src/errors/index.ts';
import { parsePlatform } from '../../src/platform/index.ts';

const text = readFileSync(fileURLToPath(new URL('../../platform.example.yaml', import.meta.url)), 'utf8');

const example = parse(text) as Tree;

/** Every path in the example, down to the last scalar. */
const paths = pathsOf(example, []);

describe('the example, broken anywhere', () => {
  // A sample: all paths with all values take five minutes.
  it('is refused or accepted, never a crash, whatever stands in the place of any part', () => {
    const anything = fc.constantFrom<unknown>(null, [], {}, 'text', -1, true, [null], { x: null });
    fc.assert(
      fc.property(fc.constantFrom(...paths), anything, (path, value) => {
        const broken = structuredClone(example);
        put(broken, path, value);
        expectAnAnswer(stringify(broken));
      }),
      { numRuns: 150 },
    );
  });

  it('is refused or accepted, never a crash, wherever its text ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (end) => expectAnAnswer(text.slice(0, end))),
      { numRuns: 40 },
    );
  });

  it('is refused or accepted, never a crash, when lines of it are missing', () => {
    const lines = text.split('\n');
    fc.assert(
      fc.property(fc.nat(lines.length), fc.integer({ min: 1, max: 20 }), (from, count) =>
        expectAnAnswer(lines.toSpliced(from, count).join('\n')),
      ),
      { numRuns: 40 },
    );
  });

  it('is refused or accepted, never a crash, for any text at all', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), expectAnAnswer));
  });
});

function expectAnAnswer(broken: string): void {
  try {
    parsePlatform(broken, 'p.yaml');
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    expect(error.code).toBe('PLATFORM_INVALID');
    for (const { place } of error.problems) expect(place).toMatch(/^p\.yaml:\d+:\d+$/);
  }
}

type Tree = { [key: string]: Tree };

function pathsOf(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, held]) => pathsOf(held, [...path, key]));
  return path.length === 0 ? below : [path, ...below];
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<Tree | undefined>((at, key) => at?.[key], tree);
  if (parent && last !== undefined) parent[last] = value as Tree;
}
