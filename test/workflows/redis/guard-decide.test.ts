import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardPolicy, parsePlatform } from '../../../src/platform/index.ts';
import type { GuardFindingSeen, GuardPolicy, LastHolder } from '../../../src/runs/index.ts';
import { defaultPolicy, guardId } from '../../../src/runs/index.ts';
import {
  backoffMs,
  changerOf,
  effectiveMode,
  isReminderDue,
  isRunFull,
  nextTryMs,
  reconcile,
  restraintOf,
} from '../../../workflows/redis/guard/decide.ts';
import { readFileSync } from 'node:fs';

const policy: GuardPolicy = {
  mode: 'ask',
  sentinel: false,
  approvers: 1,
  sampleEveryMs: 1_000,
  auditEveryMs: 60_000,
  sliceMs: 600_000,
  unwatchedAfterMs: 60_000,
  retryFirstMs: 15_000,
  retryMaxMs: 600_000,
  remindEveryMs: 3_600_000,
  profile: defaultPolicy.profiles.quick,
};
const now = '2026-11-23T20:00:00.000Z';

describe('a guard', () => {
  it('has one id per group, whatever else the input says, and answers for any input', () => {
    expect(guardId({ group: 'sessions', mode: 'act' })).toEqual({
      ok: true,
      target: 'sessions',
      id: 'guard/redis/sessions',
    });
    fc.assert(fc.property(fc.anything(), (input) => typeof guardId(input).ok === 'boolean'));
  });

  it('waits longer after every attempt that came to nothing, within its bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (times) => {
        const wait = backoffMs(policy, times);
        expect(wait).toBeGreaterThanOrEqual(policy.retryFirstMs);
        expect(wait).toBeLessThanOrEqual(policy.retryMaxMs);
        expect(backoffMs(policy, times + 1)).toBeGreaterThanOrEqual(wait);
      }),
    );
    expect([1, 2, 3].map((times) => backoffMs(policy, times))).toEqual([15_000, 30_000, 60_000]);
  });

  it('does not ask a person again at once who has said no', () => {
    expect(nextTryMs(policy, 1, 'aborted', undefined)).toBe(policy.retryMaxMs);
    expect(nextTryMs(policy, 1, 'refused', 'APPROVAL_EXPIRED')).toBe(policy.retryMaxMs);
    expect(nextTryMs(policy, 1, 'refused', 'REDIS_TOO_FEW_VANTAGES')).toBe(policy.retryFirstMs);
  });

  it('takes its mode from the input, else from the platform file, and only reports where Sentinels decide', () => {
    expect(effectiveMode(undefined, policy)).toBe('ask');
    expect(effectiveMode('act', policy)).toBe('act');
    expect(effectiveMode('act', { ...policy, sentinel: true })).toBe('observe');
    expect(restraintOf('act', policy)).toMatch(/still asks one person/);
    expect(restraintOf('act', { ...policy, approvers: 0 })).toBeUndefined();
  });

  it('reminds at doubling intervals: seven times in a month', () => {
    let reminders = { at: 0, times: 0 };
    for (let hour = 0; hour < 30 * 24; hour += 1) {
      const ms = hour * 3_600_000;
      if (isReminderDue(reminders, 4 * 3_600_000, ms)) reminders = { at: ms, times: reminders.times + 1 };
    }
    expect(reminders.times).toBe(7);
  });

  it('takes a change for the doing of a switchover or failover that holds the group or has just ended', () => {
    const holder: LastHolder = {
      workflowId: 'redis/a',
      runId: 'x',
      kind: 'redis.switchover',
      state: 'running',
      since: now,
      open: true,
    };
    const ended = { ...holder, open: false, endedAt: now };
    expect(changerOf(holder, Date.parse(now), 60_000)).toBe('redis.switchover');
    expect(changerOf(ended, Date.parse(now) + 59_000, 60_000)).toBe('redis.switchover');
    expect(changerOf(ended, Date.parse(now) + 61_000, 60_000)).toBeUndefined();
    expect(changerOf({ ...holder, kind: 'other' }, Date.parse(now), 60_000)).toBeUndefined();
    expect(changerOf(undefined, Date.parse(now), 60_000)).toBeUndefined();
  });

  it('keeps the date of what stays, and tells the end only of what it had told', () => {
    const had: GuardFindingSeen[] = [
      { code: 'A', message: 'old', since: '2026-01-01T00:00:00Z', announced: true },
      { code: 'B', message: 'b', since: now, announced: false },
      { code: 'C', message: 'c', since: now, announced: true },
    ];
    const { findings, gone, changed } = reconcile(
      had,
      [
        { code: 'A', message: 'new' },
        { code: 'D', message: 'd' },
      ],
      now,
    );
    expect(findings).toEqual([
      { code: 'A', message: 'new', since: '2026-01-01T00:00:00Z', announced: true },
      { code: 'D', message: 'd', since: now, announced: false },
    ]);
    expect(gone.map(({ code }) => code)).toEqual(['C']);
    expect(changed).toBe(true);
    expect(reconcile(findings, findings, now).changed).toBe(false);
  });

  it('begins a new run long before a history is long, and waits somewhat for a failover of its own', () => {
    const run = { slices: 0, historyLength: 10, suggested: false, waitsForChild: false };
    expect(isRunFull(run)).toBe(false);
    expect(isRunFull({ ...run, slices: 90 })).toBe(true);
    expect(isRunFull({ ...run, historyLength: 1_000 })).toBe(true);
    expect(isRunFull({ ...run, historyLength: 1_000, waitsForChild: true })).toBe(false);
    expect(isRunFull({ ...run, historyLength: 2_500, waitsForChild: true })).toBe(true);
    expect(isRunFull({ ...run, suggested: true, waitsForChild: true })).toBe(true);
  });
});

describe('guardPolicy', () => {
  it('is what the platform file says, with the reminders and limits of its policies', () => {
    const path = new URL('../../../platform.example.yaml', import.meta.url);
    const { platform } = parsePlatform(readFileSync(path, 'utf8'), 'platform.example.yaml');
    expect(guardPolicy(platform, 'sessions')).toMatchObject({ mode: 'ask', sampleEveryMs: 1_000, sliceMs: 600_000 });
    expect(() => guardPolicy(platform, 'nobody')).toThrow(/no Redis group is called nobody/);
  });
});
