import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findDivergence } from '../../../../src/planning/redis/index.ts';

test('what follows the last common writes is lost', () => {
  expect(findDivergence(['a', 'b', 'c', 'd'], ['b', 'c'])).toEqual({ found: true, after: 2 });
});

test('a file that ends before the last common write has nothing that the other lacks', () => {
  expect(findDivergence(['a', 'b'], ['a', 'b', 'c'])).toEqual({ found: true, after: 1 });
});

test('is not guessed: twice the same writes, none in common, another history', () => {
  expect(findDivergence(['a', 'b', 'x', 'a', 'b'], ['a', 'b']).found).toBe(false);
  expect(findDivergence(['a'], []).found).toBe(false);
  expect(findDivergence(['a', 'b'], ['y', 'z']).found).toBe(false);
});

test('finds exactly the writes that were added after the cut, for distinct writes', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 20 }), (shared, lost, tail) => {
      const old = Array.from({ length: shared + lost }, (_, index) => `write ${index}`);
      const common = old.slice(Math.max(0, shared - tail), shared);
      const parted = findDivergence(old, common);
      if (shared === 0) expect(parted.found).toBe(false);
      else expect(parted).toEqual({ found: true, after: shared - 1 });
    }),
  );
});

test('does not take long over many equal writes', () => {
  const old = Array.from({ length: 500_000 }, () => 'INCR hits');
  const startedAt = performance.now();
  expect(findDivergence(old, old.slice(0, 2_000)).found).toBe(false);
  // Compared one by one it takes a minute; the step's heartbeat stops for as long.
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
