import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../../../activities/redis/switchover/handover/decide.ts';

const at = (offset: number, replid = 'a') => ({ offset, replid });

describe('between the demotion and the promotion', () => {
  test.each([
    ['level', at(100), at(100), undefined, 'candidate'],
    ['the candidate ahead by what only it was told', at(100), at(114), undefined, 'candidate'],
    ['the candidate behind', at(100), at(90), undefined, 'old'],
    ['the candidate restarted', at(100), at(1, 'b'), undefined, 'old'],
    ['the demoted one restarted', at(1, 'b'), at(100), undefined, 'neither'],
    [
      'the demoted one restarted, and told of before',
      at(1, 'b'),
      at(100),
      { demotedAt: 100, replid: 'a' },
      'candidate',
    ],
    ['both restarted', at(1, 'b'), at(1, 'c'), undefined, 'neither'],
    ['other histories', at(100, 'a'), at(200, 'b'), undefined, 'neither'],
    ['the demoted one gone', undefined, at(100), undefined, 'neither'],
    ['the demoted one gone, and told of before', undefined, at(100), { demotedAt: 100, replid: 'a' }, 'candidate'],
    ['the demoted one gone, and the candidate behind', undefined, at(99), { demotedAt: 100, replid: 'a' }, 'neither'],
    ['both behind what was told', at(90), at(90), { demotedAt: 100, replid: 'a' }, 'neither'],
  ] as const)('with %s', (_, old, candidate, told, expected) => {
    expect(decide(old, candidate, told).choose).toBe(expected);
  });

  const side = fc.record({ offset: fc.integer({ min: 1, max: 50 }), replid: fc.constantFrom('a', 'b') });
  const told = fc.option(fc.record({ demotedAt: fc.integer({ min: 2, max: 50 }), replid: fc.constant('a') }), {
    nil: undefined,
  });

  test('nobody is chosen who is known to lack something', () => {
    fc.assert(
      fc.property(fc.option(side, { nil: undefined }), side, told, (old, candidate, demotion) => {
        const { choose } = decide(old, candidate, demotion);
        if (choose === 'candidate') {
          const enough = demotion && candidate.replid === demotion.replid && candidate.offset >= demotion.demotedAt;
          expect(enough || (old !== undefined && candidate.offset >= old.offset)).toBe(true);
        }
        if (choose === 'old') expect(old && (!demotion || old.offset >= demotion.demotedAt)).toBe(true);
      }),
    );
  });
});
