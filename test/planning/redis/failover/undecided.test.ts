import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decideDeath } from '../../../../src/planning/redis/index.ts';
import type { RedisObservation } from '../../../../src/runs/index.ts';
import { isUndecided } from '../../../../src/runs/index.ts';

const observation = fc.record({
  vantage: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  domain: fc.constantFrom('rack-1', 'rack-2', 'rack-3'),
  verdict: fc.oneof(
    { weight: 2, arbitrary: fc.constant<RedisObservation['verdict']>('dead') },
    fc.constantFrom<RedisObservation['verdict'][]>('alive', 'loading', 'busy', 'refusing-writes', 'auth-failed'),
    fc.constant<RedisObservation['verdict']>('unresolved'),
  ),
  ...{ detail: fc.constant(''), probes: fc.constant(1), ms: fc.constant(1) },
});
/** A vantage says one thing. */
const observations = fc.uniqueArray(observation, { selector: ({ vantage }) => vantage });

test('silent vantages are waited for exactly where the plan would refuse for want of them', () => {
  let undecided = 0;
  fc.assert(
    fc.property(fc.subarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 }), observations, (vantages, seen) => {
      const decision = decideDeath('r1', vantages, seen, []);
      const tooFew = !decision.dead && decision.finding.code === 'REDIS_TOO_FEW_VANTAGES';
      undecided += Number(tooFew);
      expect(isUndecided(vantages, seen)).toBe(tooFew);
    }),
    { numRuns: 1_000 },
  );
  expect(undecided).toBeGreaterThan(50);
});
