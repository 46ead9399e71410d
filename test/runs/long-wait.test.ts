import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mostLooks, nextLookMs, stoodBetween } from '../../src/runs/index.ts';

const waits = fc.record({
  first: fc.integer({ min: 1, max: 600_000 }),
  more: fc.integer({ min: 0, max: 3_600_000 }),
  deadlineMs: fc.integer({ min: 1, max: 30 * 86_400_000 }),
});

describe('the looks of a long wait', () => {
  test('are at most 300, the last of them at the deadline, whatever the wait', () => {
    fc.assert(
      fc.property(waits, ({ first, more, deadlineMs }) => {
        let at = 0;
        let looks = 1;
        while (at < deadlineMs) {
          const next = nextLookMs({ everyMs: [first, first + more], deadlineMs }, looks, deadlineMs - at);
          expect(next).toBeGreaterThan(0);
          at += next;
          looks += 1;
          expect(looks).toBeLessThanOrEqual(mostLooks);
        }
        expect(at).toBeCloseTo(deadlineMs, 3);
      }),
      // Found once: half a millisecond that was left was waited for as a whole one.
      { numRuns: 100, examples: [[{ first: 1, more: 1, deadlineMs: 3 }]] },
    );
  });

  test('come after ever longer times, and never later than the most that is allowed while there are enough of them', () => {
    const wait = { everyMs: [5_000, 1_800_000] as const, deadlineMs: 48 * 3_600_000 };
    const first = [1, 2, 3, 4].map((looks) => nextLookMs(wait, looks, wait.deadlineMs / 2));
    expect(first.every((ms, at) => at === 0 || ms >= (first[at - 1] ?? 0))).toBe(true);
    expect(nextLookMs(wait, 60, wait.deadlineMs / 2)).toBe(1_800_000);
  });
});

test('a wait that may take days looks as soon as a short one', () => {
  // Of a thaw: 34 hours in 299 looks would be one every seven minutes, and an Expedited one takes one to five.
  const deadlineMs = 34 * 3_600_000;
  const looks = [1, 2, 3].map((look) => nextLookMs({ everyMs: [60_000, 1_800_000], deadlineMs }, look, deadlineMs));
  expect(looks).toEqual([60_000, 90_000, 135_000]);
});

test('how long a run stood counts only what lies between the two instants', () => {
  const states = [
    { state: 'planning' as const, at: 0 },
    { state: 'awaiting-approval' as const, at: 10 },
    { state: 'running' as const, at: 40 },
    { state: 'parked' as const, at: 60 },
  ];
  expect(stoodBetween(states, 0, 100)).toBe(30 + 40);
  expect(stoodBetween(states, 20, 50)).toBe(20);
  expect(stoodBetween(states, 40, 60)).toBe(0);
});
