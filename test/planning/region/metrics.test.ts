import { describe, expect, it, test } from 'vitest';
import type { Evaluated, EvaluatedWindow } from '../../../src/planning/region/index.ts';
import { ageQuery, judgeMetric, metricsTogether, windowOf } from '../../../src/planning/region/index.ts';
import type { RegionMetric } from '../../../src/runs/index.ts';

const nowMs = 1_700_000_000_000;
const metric: RegionMetric = {
  ...{ name: 'errors', query: 'sum(e)', selectors: ['e'], max: 0.1, holdsForMs: 0, freshnessMs: 60_000 },
};
const held: RegionMetric = { ...metric, holdsForMs: 120_000 };

/** One series with a value at each step of a window, or with what `at` gives; undefined leaves a gap. */
function over(window: EvaluatedWindow, at: number | ((step: number, last: number) => number | undefined)): Evaluated {
  const last = Math.round((window.toMs - window.fromMs) / window.stepMs);
  const points = Array.from({ length: last + 1 }, (_, step) => {
    const value = typeof at === 'number' ? at : at(step, last);
    return value === undefined ? [] : [[window.fromMs + step * window.stepMs, value] as const];
  }).flat();
  return { series: points.length > 0 ? [{ labels: { pod: 'a' }, points }] : [], warnings: [] };
}

type At = Parameters<typeof over>[1];

function judged(of: RegionMetric, values: At, ages: At = 5, sinceMs?: number) {
  const window = windowOf(of, nowMs, sinceMs);
  return judgeMetric(of, window, { values: over(window, values), ages: [over(window, ages)] }, sinceMs);
}

describe('what a metric says', () => {
  it('passes within its bounds, and shows what was read, of when and of how old samples', () => {
    expect(judged(metric, 0.05)).toEqual({
      ...{ metric: 'errors', query: 'sum(e)', value: 'pass', words: 'errors: 0.05, at most 0.1' },
      ...{ at: '2023-11-14T22:13:20.000Z', series: 1, lowest: 0.05, highest: 0.05, sampleAge: 5 },
    });
    expect(judged({ ...metric, min: 0.05, max: 0.05 }, 0.05).value).toBe('pass');
  });

  it.each([
    ['above its bound', metric, 0.2],
    ['below it', { ...metric, min: 0.01 }, 0],
    ['infinite', metric, Infinity],
  ])('fails %s', (_what, of, value) => {
    expect(judged(of, value)).toMatchObject({
      value: 'fail',
      words: expect.stringContaining(`${value} (pod=a)`) as unknown,
    });
  });

  it('fails by one value in the time for which it has to hold', () => {
    expect(judged(held, (step) => (step === 30 ? 0.5 : 0.05)).value).toBe('fail');
    expect(judged(held, 0.05)).toMatchObject({ value: 'pass', words: 'errors: 0.05, at most 0.1 for 120 s' });
  });

  it.each<[string, RegionMetric, At, At, string]>([
    ['no series', metric, () => undefined, 5, 'the query gives no series'],
    ['no sample', metric, 0.05, () => undefined, 'no series has a sample'],
    ['a bad value without a sample', metric, 0.5, () => undefined, 'no series has a sample'],
    ['NaN', metric, NaN, 5, 'NaN'],
    ['an old sample', metric, 0.05, 61, '61 s old, more than 60 s'],
    ['an old sample with a bad value', metric, 0.5, 61, '61 s old'],
    ['a gap in its values', held, (step) => (step === 10 ? undefined : 0.05), 5, '1 of 1 series do not span 120 s'],
    ['a gap in its samples', held, 0.05, (step) => (step === 10 ? undefined : 5), 'a time without a sample'],
    ['a time in which nothing was scraped', held, 0.05, (step) => (step === 10 ? 90 : 5), 'was 90 s old'],
  ])('says nothing with %s', (_what, of, values, ages, words) => {
    expect(judged(of, values, ages)).toMatchObject({
      value: 'unknown',
      words: expect.stringContaining(words) as unknown,
    });
  });

  it('says nothing by what was before the component was ready', () => {
    const since = (seconds: number): number => nowMs - seconds * 1000;
    expect(judged(metric, 0.05, 5, since(4))).toMatchObject({
      ...{ value: 'unknown', words: expect.stringContaining('before the component was ready') as unknown },
    });
    expect(judged(metric, 0.05, 5, since(6)).value).toBe('pass');
    // As long as it is ready, and no longer, it is looked at.
    expect(judged(held, 0.05, 1, since(60))).toMatchObject({
      value: 'unknown',
      words: expect.stringContaining('60 s of 120 s') as unknown,
    });
    expect(judged(held, 0.5, 1, since(60)).value).toBe('fail');
    expect(judged(held, 0.05, 1, since(121)).value).toBe('pass');
    expect(judged(held, 0.05, 5, since(121)).value).toBe('unknown');
    expect(judged(metric, 0.05, 5, nowMs + 1).words).toContain('went back');
  });

  it('says nothing where the server itself calls its answer incomplete, whatever the values are', () => {
    const window = windowOf(metric, nowMs);
    for (const value of [0.05, 0.5]) {
      const [values, age] = [over(window, value), over(window, 5)];
      const warnings = ['store eu-2 did not answer'];
      const words = expect.stringContaining('store eu-2') as unknown;
      expect(judgeMetric(metric, window, { values: { ...values, warnings }, ages: [age] })).toMatchObject({
        value: 'unknown',
        words,
      });
      expect(judgeMetric(metric, window, { values, ages: [{ ...age, warnings }] })).toMatchObject({
        value: 'unknown',
        words,
      });
    }
  });

  it('rests on every metric of its query that has samples: the oldest of them counts', () => {
    const window = windowOf(metric, nowMs);
    const ages = (...seconds: (number | undefined)[]) => seconds.map((one) => over(window, () => one));
    const values = over(window, 0.05);
    expect(judgeMetric(metric, window, { values, ages: ages(5, undefined) }).value).toBe('pass');
    expect(judgeMetric(metric, window, { values, ages: ages(5, 90) }).value).toBe('unknown');
    expect(judgeMetric(metric, window, { values, ages: ages(undefined, undefined) }).value).toBe('unknown');
  });
});

test('the window ends with the server’s time, has 60 steps at the most, and does not begin long before the component was ready', () => {
  expect(windowOf(metric, nowMs)).toEqual({ fromMs: nowMs, toMs: nowMs, stepMs: 1000 });
  expect(windowOf(held, nowMs)).toEqual({ fromMs: nowMs - 120_000, toMs: nowMs, stepMs: 2000 });
  expect(windowOf({ ...metric, holdsForMs: 5_000 }, nowMs)).toEqual({
    fromMs: nowMs - 5_000,
    toMs: nowMs,
    stepMs: 1000,
  });
  expect(windowOf(held, nowMs, nowMs - 10_000)).toEqual({ fromMs: nowMs - 10_000, toMs: nowMs, stepMs: 2000 });
  expect(ageQuery('e{a="b"}')).toBe('max(time() - timestamp(e{a="b"}))');
});

test('of several metrics one that fails is a failure, one that says nothing leaves it unknown', () => {
  const one = (value: 'pass' | 'fail' | 'unknown') => ({ metric: 'm', query: 'm', value, words: value });
  expect(metricsTogether([one('pass'), one('unknown'), one('fail')])).toEqual({ value: 'fail', words: 'fail' });
  expect(metricsTogether([one('unknown'), one('pass')])).toEqual({ value: 'unknown', words: 'unknown' });
  expect(metricsTogether([one('pass'), one('pass')])).toEqual({ value: 'pass', words: 'pass; pass' });
});
