import { expect, test } from 'vitest';
import { domainOf } from './budget.ts';
import { timesTable } from './table.ts';

const known = ['redis', 'clickhouse', 'host'];

test.each([
  ['test/workflows/redis/failover.test.ts', 'redis'],
  ['test/sweep/clickhouse/sample.test.ts', 'clickhouse'],
  ['test/lab/clickhouse-load.test.ts', 'clickhouse'],
  ['test/drivers/sentinel/sentinel.test.ts', 'redis'],
  ['test/workflows/run/steps.test.ts', 'engine'],
  ['test/client/cli.test.ts', 'cli'],
  ['/some/checkout/test/platform/load.test.ts', 'house'],
  ['test/workflows/host/onboard.test.ts', 'host'],
])('%s counts for %s', (file, domain) => {
  expect(domainOf(file, known)).toBe(domain);
});

test('what is over its budget is said, a domain without one of its own included', () => {
  const minute = 60_000;
  const files = [
    { file: 'test/workflows/host/onboard.test.ts', tests: 3, ms: 6 * minute },
    { file: 'test/cli/render.test.ts', tests: 2, ms: minute },
  ];
  const { lines, over } = timesTable(files, 36 * minute, known);
  expect(over).toEqual(['host took 6:00, its budget is 5:00', 'the whole took 36:00, its budget is 35:00']);
  expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['domain', 'files', 'tests', 'took', 'share', 'budget'],
    ['host', '1', '3', '6:00', '86 %', '5:00'],
    ['cli', '1', '2', '1:00', '14 %', '3:00'],
    ['whole', '2', '5', '36:00', '35:00'],
  ]);
  expect(timesTable(files.slice(1), minute, known).over).toEqual([]);
});
