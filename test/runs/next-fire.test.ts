import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextFire, parseCron } from '../../src/runs/index.ts';

const fires = (cron: string, after: string, count = 1, timezone = 'UTC'): string[] => {
  const found: string[] = [];
  let at: Date | undefined = new Date(after);
  for (let n = 0; n < count && at; n += 1) {
    at = nextFire({ cron, timezone }, at);
    if (at) found.push(at.toISOString().replace(':00.000Z', ''));
  }
  return found;
};

test.each([
  ['10 2 * * *', '2026-11-23T02:09:59Z', 'UTC', ['2026-11-23T02:10', '2026-11-24T02:10']],
  ['10 2 * * *', '2026-11-23T02:10:00Z', 'UTC', ['2026-11-24T02:10']],
  ['*/20 8-9 * * *', '2026-11-23T09:00:00Z', 'UTC', ['2026-11-23T09:20', '2026-11-23T09:40', '2026-11-24T08:00']],
  [
    '5/25 0 1 jan,jul *',
    '2026-11-23T00:00:00Z',
    'UTC',
    ['2027-01-01T00:05', '2027-01-01T00:30', '2027-01-01T00:55', '2027-07-01T00:05'],
  ],
  ['0 9 * * tue', '2026-11-23T12:00:00Z', 'America/New_York', ['2026-11-24T14:00', '2026-12-01T14:00']],
  ['0 0 * * 7', '2026-11-23T00:00:00Z', 'UTC', ['2026-11-29T00:00']],
  // Both must match, as Temporal has it: Friday the 13th.
  ['0 0 13 * fri', '2026-11-23T00:00:00Z', 'UTC', ['2027-08-13T00:00']],
  ['0 0 29 2 *', '2026-11-23T00:00:00Z', 'UTC', ['2028-02-29T00:00']],
  ['15 6 * * *', '2026-11-23T00:00:00Z', 'Asia/Kathmandu', ['2026-11-23T00:30']],
  // Clocks skip 02:30 on 29 March 2026 in Berlin, and repeat it on 25 October.
  ['30 2 * * *', '2026-03-28T00:00:00Z', 'Europe/Berlin', ['2026-03-28T01:30', '2026-03-30T00:30']],
  ['30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin', ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-26T01:30']],
])('%s after %s in %s', (cron, after, timezone, expected) => {
  expect(fires(cron, after, expected.length, timezone)).toEqual(expected);
});

test('never fires on a day that there is not, and is none with a time that there is not', () => {
  expect(nextFire({ cron: '0 0 30 2 *', timezone: 'UTC' }, new Date())).toBeUndefined();
  for (const wrong of [
    '60 0 * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '5-1 0 * * *',
    '*/0 0 * * *',
    '0 0 * *',
    '1-2-3 0 * * *',
    'x 0 * * *',
  ])
    expect([wrong, parseCron(wrong)]).toEqual([wrong, undefined]);
});

test('fires at a minute that matches, later than asked, and at none in between', () => {
  const list = (min: number, max: number) => fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      list(0, 59),
      list(0, 23),
      fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
      (minutes, hours, after) => {
        const at = nextFire({ cron: `${minutes.join()} ${hours.join()} * * *`, timezone: 'UTC' }, after);
        if (!at) throw new Error('it fires every day');
        expect(at.getTime()).toBeGreaterThan(after.getTime());
        expect([minutes.includes(at.getUTCMinutes()), hours.includes(at.getUTCHours()), at.getUTCSeconds()]).toEqual([
          true,
          true,
          0,
        ]);
        for (let between = Math.floor(after.getTime() / 60_000) + 1; between * 60_000 < at.getTime(); between += 1) {
          const one = new Date(between * 60_000);
          expect(minutes.includes(one.getUTCMinutes()) && hours.includes(one.getUTCHours())).toBe(false);
        }
      },
    ),
  );
});
