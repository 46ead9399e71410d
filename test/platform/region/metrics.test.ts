import { describe, expect, it } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { parsePlatform, selectorsOf } from '../../../src/platform/index.ts';

const fileWith = (component: string): string => `version: 1
name: p
regions: { r: { zones: { a: { runs: [] } } } }
rollout:
  components:
    gate: { layer: gateway, ${component} }
`;

function problems(component: string): string[] {
  try {
    parsePlatform(fileWith(component), 'p.yaml');
    return [];
  } catch (error) {
    if (error instanceof GantryError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

const manifest = 'manifest: gate.yaml';

describe('the metrics of a component', () => {
  it('are read with the defaults of what is left out', () => {
    const of = `${manifest}, metrics: { errors: { query: 'sum(rate(errors[1m]))', max: 0.1 } }`;
    expect(parsePlatform(fileWith(of), 'p').platform.rollout.components['gate']?.metrics).toEqual({
      errors: { query: 'sum(rate(errors[1m]))', max: 0.1, holdsForMs: 0, freshnessMs: 60_000 },
    });
  });

  it('may be left out, and leave nothing then: what runs under way depend on stays as it was', () => {
    const { components } = parsePlatform(fileWith(manifest), 'p').platform.rollout;
    expect(Object.keys(components['gate'] ?? {}).filter((key) => key.startsWith('metrics'))).toEqual([]);
  });

  it.each([
    ['sum(', 'a PromQL expression'],
    ['time()', 'over at least one metric'],
    ['1 + 1', 'over at least one metric'],
  ])('are refused with the query %s', (query, why) => {
    expect(problems(`${manifest}, metrics: { m: { query: '${query}', max: 1 } }`)).toEqual([
      expect.stringContaining(why),
    ]);
  });

  it('are refused without a bound, with bounds that nothing is between, and with more time to hold than the gate has', () => {
    expect(problems(`${manifest}, metrics: { m: { query: up } }`)).toEqual([
      expect.stringContaining('a min, a max or both'),
    ]);
    expect(problems(`${manifest}, metrics: { m: { query: up, min: 2, max: 1 } }`)).toEqual([
      expect.stringContaining('no value'),
    ]);
    const long = `${manifest}, metrics: { m: { query: up, min: 1, holdsFor: 10m } }`;
    expect(problems(long)).toEqual([expect.stringContaining('metricsWithin must be longer')]);
    expect(problems(`${long}, metricsWithin: 11m`)).toEqual([]);
    expect(problems('external: us, metrics: { m: { query: up, min: 1 } }')).toEqual([
      expect.stringContaining('external'),
    ]);
  });
});

describe('the metrics that a query is made of', () => {
  it.each([
    ['sum(rate(a{code=~"5.."}[5m])) / sum(rate(a[5m]))', ['a{code=~"5.."}', 'a']],
    ['a + a', ['a']],
    ['max_over_time((b offset 1h)[5m:1m])', ['b']],
    ['histogram_quantile(0.9, sum by (le) (rate(c_bucket[1m])))', ['c_bucket']],
    ['{__name__="d"} or vector(0)', ['{__name__="d"}']],
    ['time()', []],
    ['sum(a', undefined],
    ['a b', undefined],
  ])('%s', (query, found) => expect(selectorsOf(query)).toEqual(found));
});
