import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { GantryError } from '../../../src/errors/index.ts';
import type { Platform } from '../../../src/platform/index.ts';
import { archivedTables, archiveOf, parsePlatform } from '../../../src/platform/index.ts';

type Source = { cluster: string; tables?: string[]; totals?: Record<string, unknown> };
const example = parse(readFileSync(resolve('platform.example.yaml'), 'utf8')) as {
  archive: { archives: { main: { sources: { clickhouse: Source[] } } } };
};

/** The example with another source. */
function withSource(source: Source): Platform {
  const changed = structuredClone(example);
  changed.archive.archives.main.sources.clickhouse = [source];
  return parsePlatform(JSON.stringify(changed), 'p.yaml').platform;
}

function problemsOf(source: Source): string[] {
  try {
    withSource(source);
    return [];
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return error.problems.map(({ message }) => message);
  }
}

test('totals are those of their table alone', () => {
  const platform = withSource({
    cluster: 'metrics',
    totals: { 'metrics.samples_d1': { billed: { sum: 'amount', by: ['customer'] }, rows: {} } },
  });
  const tables = archivedTables(platform, archiveOf(platform, 'main'));
  expect(tables.map(({ table, totals }) => [table, totals])).toEqual([
    ['metrics.samples', []],
    ['metrics.samples_m5', []],
    ['metrics.samples_h1', []],
    [
      'metrics.samples_d1',
      [
        { name: 'billed', sum: 'amount', by: ['customer'] },
        { name: 'rows', by: [] },
      ],
    ],
  ]);
});

test.each<[string, Source, RegExp]>([
  [
    'a table that the cluster does not list',
    { cluster: 'metrics', totals: { 'metrics.none': { rows: {} } } },
    /the archive does not hold metrics\.none: its totals would never be made/,
  ],
  [
    'a table that the archive leaves out',
    { cluster: 'metrics', tables: ['metrics.samples'], totals: { 'metrics.samples_d1': { rows: {} } } },
    /the archive does not hold metrics\.samples_d1/,
  ],
  [
    'more than fit a line of the manifest',
    {
      cluster: 'metrics',
      totals: { 'metrics.samples': Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`t${at}`, {}])) },
    },
    /eight totals of a table at most/,
  ],
  ['an expression', { cluster: 'metrics', totals: { 'metrics.samples': { x: { select: 'sum(a)' } } } }, /select/],
])('%s is refused', (_what, source, message) => {
  expect(problemsOf(source)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
});
