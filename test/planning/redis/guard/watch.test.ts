import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WatchState, WatchTick } from '../../../../src/planning/redis/index.ts';
import { beginWatch, lagsOf, needsConfirmation, stepWatch } from '../../../../src/planning/redis/index.ts';
import type { GuardFinding, GuardKnowledge } from '../../../../src/runs/index.ts';

const at = '2026-11-23T20:00:00.000Z';
const sound: GuardKnowledge = {
  primary: 'r1',
  last: { node: 'r1', offset: 10, at },
  lags: [],
  findings: [],
  auditedAt: at,
};
const sample = (node = 'r1', offset = 20): WatchTick => ({ kind: 'sample', sample: { node, offset, at }, lags: [] });
const silent = (node = 'r1'): WatchTick => ({ kind: 'silent', node, at, why: 'no answer' });
const trouble = (code = 'REDIS_AUTH_FAILED', answered?: string): WatchTick => ({
  kind: 'trouble',
  code,
  message: 'in words',
  ...(answered === undefined ? {} : { answered }),
});
const audited = (...codes: string[]): WatchTick => ({
  kind: 'audited',
  at,
  findings: codes.map((code) => ({ code, message: code, place: 'r2' })),
});

/** The events of the ticks, in order, and where it ends. */
function play(known: GuardKnowledge, ticks: readonly WatchTick[], probes = 3) {
  let state: WatchState = beginWatch(known);
  const events = ticks.map((tick) => {
    const next = stepWatch(state, tick, probes);
    state = next.state;
    return next.event;
  });
  return { events: events.filter((event) => event !== undefined), state };
}

describe('a watch', () => {
  it('counts a primary as silent only after so many probes in a row, and keeps the last offset', () => {
    expect(play(sound, [silent(), silent(), sample(), silent(), silent()]).events).toEqual([]);
    const { events, state } = play(sound, [sample('r1', 77), silent(), silent(), silent(), silent()]);
    expect(events).toEqual(['silent']);
    expect(state.known).toMatchObject({ silent: { node: 'r1' }, last: { offset: 77 } });
    expect(play(state.known, [silent(), silent(), silent()]).events).toEqual([]);
    expect(play(state.known, [sample()]).events).toEqual(['answers']);
    expect(play(state.known, [trouble('REDIS_LOADING', 'r1')]).events).toEqual(['answers']);
    expect(play(state.known, [sample('r2')]).events).toEqual(['primary-changed']);
  });

  it('tells a first look, and another primary, which is to be compared again', () => {
    const first = play({ lags: [], findings: [] }, [sample(), audited()]);
    expect(first.events).toEqual(['first-look']);
    const moved = play(sound, [sample('r2')]);
    expect(moved.events).toEqual(['primary-changed']);
    expect(moved.state.known.auditedAt).toBeUndefined();
  });

  it('makes trouble that stays a finding, and takes it back with the next sample', () => {
    expect(play(sound, [trouble(), trouble(), sample()]).events).toEqual([]);
    const { events, state } = play(sound, [trouble(), trouble(), trouble(), trouble()]);
    expect(events).toEqual(['findings']);
    expect(state.known.findings).toMatchObject([{ code: 'REDIS_AUTH_FAILED', place: 'sampling' }]);
    expect(play(state.known, [sample()])).toMatchObject({ events: ['findings'], state: { known: { findings: [] } } });
  });

  it('asks for a second audit before it believes a first one, and hears none while the primary is silent', () => {
    const once = play(sound, [audited('A')]);
    expect(once.events).toEqual([]);
    expect(needsConfirmation(once.state)).toBe(true);
    expect(play(sound, [audited('A'), audited('A')]).events).toEqual(['findings']);
    expect(play(sound, [silent(), audited('A'), silent(), audited('A')]).events).toEqual([]);
  });

  it('knows what two audits in a row have, never what neither has', () => {
    const codes = fc.subarray(['A', 'B', 'C', 'D']);
    fc.assert(
      fc.property(fc.array(codes, { minLength: 2, maxLength: 12 }), (audits) => {
        const { state } = play(
          sound,
          audits.map((found) => audited(...found)),
        );
        const known = new Set(state.known.findings.map(({ code }) => code));
        const [before = [], last = []] = audits.slice(-2);
        for (const code of ['A', 'B', 'C', 'D']) {
          if (before.includes(code) && last.includes(code)) expect(known).toContain(code);
          if (!before.includes(code) && !last.includes(code)) expect(known).not.toContain(code);
        }
      }),
    );
  });

  it('never loses an offset, never calls a node silent that answered within the last probes, and stays bounded', () => {
    const tick: fc.Arbitrary<WatchTick> = fc.oneof(
      fc.constantFrom('r1', 'r2').map((node) => sample(node)),
      fc.constantFrom('r1', 'r2').map((node) => silent(node)),
      fc.constantFrom('REDIS_BUSY', 'REDIS_AUTH_FAILED').map((code) => trouble(code, 'r1')),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 60 }).map((all) => audited(...all.map((n) => `F${n}`))),
    );
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 40 }), fc.integer({ min: 1, max: 4 }), (ticks, probes) => {
        let state = beginWatch(sound);
        let quiet = 0;
        for (const one of ticks) {
          const next = stepWatch(state, one, probes);
          state = next.state;
          quiet = one.kind === 'silent' ? quiet + 1 : one.kind === 'audited' ? quiet : 0;
          if (next.event === 'silent') expect(quiet).toBeGreaterThanOrEqual(probes);
          expect(state.known.last).toBeDefined();
          expect(state.known.findings.length).toBeLessThanOrEqual(31);
          if (one.kind === 'sample') expect(state.known).toMatchObject({ primary: one.sample.node, last: one.sample });
        }
      }),
    );
  });
});

describe('lagsOf', () => {
  it('names the replicas of the platform file, and is never below zero', () => {
    const listed = { host: 'h', port: 1, online: true, ackedOffset: 90, ackedSecondsAgo: 1 };
    const lags = lagsOf(100, [listed, { ...listed, port: 2, ackedOffset: 120 }], [{ name: 'r2', host: 'h', port: 1 }]);
    expect(lags).toMatchObject([
      { replica: 'r2', lagBytes: 10 },
      { replica: 'h:2', lagBytes: 0 },
    ]);
  });
});

it('takes what is known as findings of the same shape', () => {
  const known: GuardFinding[] = [{ code: 'A', message: 'A', place: 'r2' }];
  expect(play({ ...sound, findings: known }, [audited('A')]).events).toEqual([]);
});
