import { expect, test } from 'vitest';
import { p50, p95, quantile, rounded } from '../../bench/statistics.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test('a quantile is one of the values: the smallest that so many of them do not exceed', () => {
  expect(p50(hundred)).toBe(50);
  expect(p95(hundred)).toBe(95);
  expect(quantile(hundred, 0)).toBe(1);
  expect(quantile(hundred, 1)).toBe(100);
  expect(p95([7])).toBe(7);
});

test('a quantile of nothing is no number', () => {
  expect(p50([])).toBeNaN();
});

test('figures are rounded to what they are worth', () => {
  expect(rounded(17.0499)).toBe(17);
  expect(rounded(0.00234, 4)).toBe(0.0023);
});
