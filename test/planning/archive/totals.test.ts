import fc from 'fast-check';
import { expect, test } from 'vitest';
import { added, totalDiffers, withTotal } from '../../../src/planning/archive/recovery/index.ts';
import { totalWords } from '../../../src/planning/archive/index.ts';
import type { BackupTotal, ComparedTotal, TotalFigures } from '../../../src/runs/index.ts';

const figures: TotalFigures = {
  ...{
    name: 'billed',
    sum: 'amount',
    by: ['day', 'customer'],
    value: '10.5',
    groups: 2,
    digest: { sum: '1', xor: '2' },
  },
  each: [
    { key: ['2026-01-01', 'a'], value: '10' },
    { key: ['2026-01-01', ''], value: '0.5' },
  ],
};

const total: BackupTotal = { ...figures, name: 'billed', sum: 'amount', by: ['day', 'customer'] };

test('amounts are added up exactly, whatever their size and sign', () => {
  for (const [a, b, sum] of [
    ['0.1', '0.2', '0.3'],
    ['9007199254740993', '0.01', '9007199254740993.01'],
    ['-0.05', '0.05', '0'],
    ['-1.5', '0.25', '-1.25'],
    ['100', '900', '1000'],
    ['-0.5', '0', '-0.5'],
  ] as const)
    expect(added(a, b)).toBe(sum);
  const cents = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  const words = (value: bigint): string => {
    const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
    return `${value < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  };
  fc.assert(
    fc.property(cents, cents, (a, b) => {
      const plain = words(a + b)
        .replace(/\.?0+$/, (end) => (end.startsWith('.') || words(a + b).includes('.') ? '' : end))
        .replace(/^-0$/, '0');
      expect(added(words(a), words(b))).toBe(plain);
    }),
  );
});

test('totals of several partitions become one of each name', () => {
  const of = (name: string, value: string): BackupTotal => ({ ...total, name, value });
  const all = [of('billed', '1.5'), of('rows', '3'), of('billed', '2.5')];
  expect(all.reduce<readonly ComparedTotal[]>(withTotal, [])).toEqual([
    { name: 'rows', value: '3', partitions: 1 },
    { name: 'billed', value: '4', partitions: 2 },
  ]);
});

test('a total differs by its value, its groups, or whose the values are', () => {
  expect(totalDiffers(total, figures)).toBeUndefined();
  expect(totalDiffers(total, { ...figures, value: '10' })).toContain('billed is 10 in 2 groups, the backup had 10.5');
  expect(totalDiffers(total, { ...figures, groups: 3 })).toContain('in 3 groups, the backup had 10.5 in 2');
  const swapped = [
    { key: ['2026-01-01', 'a'], value: '0.5' },
    { key: ['2026-01-01', ''], value: '10' },
  ];
  expect(totalDiffers(total, { ...figures, digest: { sum: '1', xor: '3' }, each: swapped })).toMatch(
    /day 2026-01-01, customer a: 0\.5 instead of 10; day 2026-01-01, customer : 10 instead of 0\.5/,
  );
  expect(totalDiffers({ ...total, by: [] }, { ...figures, value: '11' })).toContain('is 11, the backup had 10.5');
});

test('a declaration is said in words', () => {
  expect(totalWords(total)).toBe('billed = sum(amount) by day, customer');
  expect(totalWords({ name: 'rows', by: [] })).toBe('rows = rows');
});
