import { expect, test } from 'vitest';
import { sampler } from '../../../src/planning/archive/index.ts';

const sampleOf = (size: number, seed: number, of = 1_000): readonly number[] => {
  const { add, taken } = sampler<number>(size, seed);
  for (let at = 0; at < of; at += 1) add(at);
  return taken();
};

test('a sample has its size, each item once, and follows from its seed', () => {
  const first = sampleOf(50, 7);
  expect(new Set(first).size).toBe(50);
  expect(sampleOf(50, 7)).toEqual(first);
  expect(sampleOf(50, 8)).not.toEqual(first);
  expect(sampleOf(50, 7, 20)).toHaveLength(20);
});

test('every item has the same chance, the first as the last', () => {
  const hits = Array.from({ length: 20 }, () => 0);
  for (let seed = 0; seed < 4_000; seed += 1) for (const at of sampleOf(5, seed, 20)) hits[at] = (hits[at] ?? 0) + 1;
  // Expected: 1,000 each; the standard deviation is 27.
  expect(Math.min(...hits)).toBeGreaterThan(850);
  expect(Math.max(...hits)).toBeLessThan(1_150);
});
