import { describe, expect, it } from 'vitest';
import { clockChecks } from '../../src/cli/clock-checks.ts';
import type { ClockReading } from '../../src/runs/index.ts';

const reading = (name: string, aheadMs: number, withinMs = 5): ClockReading => ({ name, aheadMs, withinMs });
const here = reading('this machine', 0);

describe('the clocks', () => {
  it('in step are one line, with the most that they can differ by', () => {
    const workers = [reading('1@a', 40), reading('1@a', 20)];
    expect(clockChecks(workers, [reading('redis g r1', -30, 70)], here)).toEqual([
      {
        name: 'clocks',
        state: 'ok',
        fact: "1 of workers and 1 of targets differ from Temporal's server by 100 ms at most",
      },
    ]);
  });

  it.each([
    [1_500, 'unknown', '1.5 s (± 5 ms) ahead of'],
    [-287_000, 'bad', '4 min 47 s (± 5 ms) behind'],
  ])('of which one is off by %d ms: %s', (aheadMs, state, words) => {
    const checks = clockChecks([reading('1@a', 0), reading('2@b', aheadMs)], [], here);
    expect(checks).toMatchObject([{ name: 'clock of worker 2@b', state, fact: `${words} Temporal's server` }]);
  });

  it('are not blamed for what the way of the question may have taken', () => {
    const checks = clockChecks([reading('1@a', 6_000, 5_500)], [], here);
    expect(checks).toMatchObject([{ name: 'clocks', state: 'ok' }]);
  });

  it('that all agree blame the server', () => {
    const checks = clockChecks([reading('1@a', 60_000), reading('2@b', 60_100)], [reading('redis g r1', 59_900)], here);
    expect(checks).toMatchObject([
      { name: "clock of Temporal's server", state: 'bad', fact: '1 min 0 s (± 5 ms) behind all 3 others, which agree' },
    ]);
  });

  it('that cannot be read are said, and none read is no good news', () => {
    const unread = { name: 'redis g r2', code: 'REDIS_UNREACHABLE', message: 'refused' };
    expect(clockChecks([reading('1@a', 0)], [unread], here)).toMatchObject([
      { name: 'clocks', state: 'ok' },
      { name: 'clock of redis g r2', state: 'unknown', fact: 'it could not be read: REDIS_UNREACHABLE: refused' },
    ]);
    expect(clockChecks([], [], here)).toMatchObject([{ name: 'clocks', state: 'unknown' }]);
  });

  it('of this machine only warns: nothing is decided by it', () => {
    expect(clockChecks([reading('1@a', 0)], [], reading('this machine', -90_000))).toMatchObject([
      { name: 'clocks', state: 'ok' },
      { name: 'clock of this machine', state: 'unknown' },
    ]);
  });
});
