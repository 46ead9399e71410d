import { describe, expect, it } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { parsePlatform } from '../../../src/platform/index.ts';
import { tierPlatform } from '../../support/tier-platform.ts';

const servers = [{ name: 'ch-1', host: 'localhost', httpPort: 8123, shard: 1, replica: 1 }];
const levels = [
  { table: 'metrics.samples', retention: 'raw', columns: { amount: 'value' } },
  { table: 'metrics.samples_m5', retention: 'five-minutes', count: 'samples' },
];

/** What is wrong with a family, in words. */
function problemsOf(family: Record<string, unknown>): string[] {
  try {
    parsePlatform(JSON.stringify(tierPlatform({ servers, family })), 'p.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return error.problems.map(({ message }) => message);
  }
}

describe('a family of roll-ups in the platform file', () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      'a table twice',
      { levels: [levels[0], levels[1], levels[1]] },
      'metrics.samples_m5 is a level of samples already',
    ],
    [
      'an unknown table',
      { levels: [{ ...levels[0], table: 'metrics.none' }] },
      'this cluster has no table called metrics.none; known:',
    ],
    [
      'an unknown retention',
      { levels: [{ ...levels[0], retention: 'weekly' }] },
      'this cluster has no retention called weekly; known:',
    ],
    ['a count on the first level', { levels: [{ ...levels[0], count: 'n' }] }, 'each row of the first level is one'],
    [
      'a roll-up without a count',
      { levels: [levels[0], { ...levels[1], count: undefined }] },
      'levels.1: count is missing',
    ],
    [
      'a level kept for less than the one before',
      { levels: [{ ...levels[0], retention: 'daily' }, levels[1]] },
      'kept for a shorter time than the level that it adds up',
    ],
    [
      'a name for a column that is not added up',
      { levels: [{ ...levels[0], columns: { price: 'p' } }] },
      'price is in neither sums nor keys',
    ],
    ['an expression for a column', { sums: ['a + b'] }, 'a column is letters, digits, underscore'],
    ['no word about backups', { backup: undefined }, 'backup is missing'],
    ['no reason why there are none', { backup: { kind: 'none' } }, 'accepted is missing'],
  ])('is refused with %s', (_what, family, says) => {
    expect(problemsOf(family).join('; ')).toContain(says);
  });

  it('has all its problems reported at once', () => {
    const wrong = { levels: [{ ...levels[0], table: 'a.b', retention: 'c', count: 'n' }], sums: ['a b'] };
    expect(problemsOf(wrong)).toHaveLength(5);
  });
});
