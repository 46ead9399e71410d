import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FailoverFacts, FailoverIntent, FailoverPlanning } from '../../../../src/planning/redis/index.ts';
import { decideDeath, judgeLease, planFailover } from '../../../../src/planning/redis/index.ts';
import type { RedisFailoverInput, RedisLinkObservation, RedisObservation } from '../../../../src/runs/index.ts';
import { addresses, facts, intent } from '../facts.ts';

const observation = (vantage: string, verdict: RedisObservation['verdict'], domain = vantage): RedisObservation => ({
  ...{ vantage, domain, verdict, detail: verdict, probes: 3, ms: 5 },
});
const link = (replica: string, state: RedisLinkObservation['state']): RedisLinkObservation => ({
  replica,
  state,
  detail: state,
});
const down = [link('r2', 'down'), link('r3', 'down')];
const three = ['a', 'b', 'c'];

describe('whether a primary is dead', () => {
  const decide = (observations: RedisObservation[], links = down, vantages = three) => {
    const decision = decideDeath('r1', vantages, observations, links);
    return decision.dead ? 'dead' : decision.finding.code;
  };

  test.each([
    ['all vantages say so', [observation('a', 'dead'), observation('b', 'dead'), observation('c', 'dead')], 'dead'],
    ['a majority says so', [observation('a', 'dead'), observation('b', 'dead'), observation('c', 'alive')], 'dead'],
    [
      'half of them are cut',
      [observation('a', 'dead'), observation('b', 'alive'), observation('c', 'alive')],
      'REDIS_PRIMARY_ALIVE',
    ],
    ['only one can look', [observation('a', 'dead')], 'REDIS_TOO_FEW_VANTAGES'],
    [
      'three observations come from one machine',
      three.map((name) => observation(name, 'dead', 'one machine')),
      'REDIS_TOO_FEW_VANTAGES',
    ],
    ['its name resolves nowhere', three.map((name) => observation(name, 'unresolved')), 'REDIS_TOO_FEW_VANTAGES'],
    [
      'its name does not resolve at one of the vantages',
      [observation('a', 'dead'), observation('b', 'dead'), observation('c', 'unresolved')],
      'dead',
    ],
    ['it is loading', three.map((name) => observation(name, 'loading')), 'REDIS_PRIMARY_ALIVE'],
    ['a script keeps it busy', three.map((name) => observation(name, 'busy')), 'REDIS_PRIMARY_ALIVE'],
    ['its disk is full', three.map((name) => observation(name, 'refusing-writes')), 'REDIS_PRIMARY_ALIVE'],
  ] as const)('when %s', (_, observations, expected) => {
    expect(decide([...observations])).toBe(expected);
  });

  test('one configured vantage decides alone', () => {
    expect(decide([observation('main', 'dead')], down, ['main'])).toBe('dead');
  });

  test('a replica that hears from it outweighs every vantage; one that is only silent does not', () => {
    const all = three.map((name) => observation(name, 'dead'));
    expect(decide(all, [link('r2', 'sees'), link('r3', 'down')])).toBe('REDIS_PRIMARY_UNREACHABLE_FROM_HERE');
    expect(decide(all, [link('r2', 'silent')])).toBe('dead');
  });

  const anyObservation = fc.record({
    vantage: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'stranger'),
    domain: fc.constantFrom('d1', 'd2', 'd3', 'd4', 'd5'),
    verdict: fc.constantFrom('alive', 'dead', 'loading', 'busy', 'refusing-writes', 'auth-failed', 'unresolved'),
    detail: fc.constant(''),
    probes: fc.constant(3),
    ms: fc.constant(1),
  }) as fc.Arbitrary<RedisObservation>;
  const anyLink = fc.record({
    replica: fc.constantFrom('r2', 'r3', 'r4'),
    state: fc.constantFrom('sees', 'silent', 'down', 'elsewhere', 'unreachable'),
    detail: fc.constant(''),
  }) as fc.Arbitrary<RedisLinkObservation>;

  test('never without more than half of the vantages in as many domains, never while a replica hears from it', () => {
    const vantages = fc.subarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 });
    fc.assert(
      fc.property(vantages, fc.array(anyObservation), fc.array(anyLink), (configured, observations, links) => {
        const decision = decideDeath('r1', configured, observations, links);
        if (!decision.dead) return;
        const counted = observations.filter(
          ({ vantage, verdict }) => configured.includes(vantage) && verdict !== 'unresolved',
        );
        const dead = new Set(counted.filter(({ verdict }) => verdict === 'dead').map(({ domain }) => domain));
        const alive = new Set(counted.filter(({ verdict }) => verdict !== 'dead').map(({ domain }) => domain));
        const agreed = [...dead].filter((domain) => !alive.has(domain));
        expect(agreed.length * 2).toBeGreaterThan(configured.length);
        expect(links.some(({ state }) => state === 'sees')).toBe(false);
      }),
    );
  });

  test('one more observation of life never makes it dead', () => {
    fc.assert(
      fc.property(fc.array(anyObservation), fc.array(anyLink), anyObservation, (observations, links, more) => {
        const before = decideDeath('r1', three, observations, links);
        const after = decideDeath('r1', three, [...observations, { ...more, verdict: 'alive' }], links);
        if (!before.dead) expect(after.dead).toBe(false);
      }),
    );
  });
});

describe('the lease', () => {
  const gone = (replica: string, detachedMs: number) => ({ replica, state: 'down' as const, detachedMs });

  test('is void without min-replicas-to-write, and with a replica that may still acknowledge', () => {
    expect(judgeLease(0, 13_000, [gone('r2', 0)]).valid).toBe(false);
    expect(judgeLease(1, 13_000, [gone('r2', 0), { replica: 'r3', state: 'unreachable' }]).valid).toBe(false);
    expect(judgeLease(1, 13_000, [gone('r2', 0), { replica: 'r3', state: 'silent' }]).valid).toBe(false);
    expect(judgeLease(2, 13_000, [gone('r2', 0), { replica: 'r3', state: 'unreachable' }]).valid).toBe(true);
  });

  test('is counted from the last replica that may have been one too many', () => {
    expect(judgeLease(1, 13_000, [gone('r2', 20_000), gone('r3', 3_000)])).toMatchObject({ waitMs: 10_000 });
    expect(judgeLease(2, 13_000, [gone('r2', 20_000), gone('r3', 3_000)])).toMatchObject({ waitMs: 0 });
  });

  test('does not wait again for a replica that has followed another node since before', () => {
    const elsewhere = { replica: 'r3', state: 'elsewhere' as const, detachedMs: 0 };
    expect(judgeLease(1, 13_000, [gone('r2', 20_000), elsewhere])).toMatchObject({ waitMs: 13_000 });
    expect(judgeLease(1, 13_000, [gone('r2', 20_000), elsewhere], ['r3'])).toMatchObject({ waitMs: 0 });
  });

  test('once it has ended, fewer replicas than needed can have acknowledged within it', () => {
    const replica = fc.record({
      replica: fc.constantFrom('r2', 'r3', 'r4'),
      state: fc.constantFrom('down', 'silent', 'unreachable', 'elsewhere'),
      detachedMs: fc.nat(30_000),
    }) as fc.Arbitrary<{ replica: string; state: 'down'; detachedMs: number }>;
    fc.assert(
      fc.property(fc.nat(4), fc.array(replica, { maxLength: 5 }), (needed, replicas) => {
        const lease = judgeLease(needed, 13_000, replicas);
        if (!lease.valid) return;
        const later = replicas.filter(
          ({ state, detachedMs }) => !['down', 'elsewhere'].includes(state) || detachedMs + lease.waitMs < 13_000,
        );
        expect(later.length).toBeLessThan(needed);
      }),
    );
  });
});

describe('the plan of a failover', () => {
  const failover: FailoverIntent['failover'] = {
    lossLimitBytes: 1_000,
    maxLinkAgeMs: 60_000,
    antiFlapMs: 3_600_000,
    leaseMarginMs: 3_000,
    fences: [{ kind: 'refuse-writes' }, { kind: 'command', name: 'stop', what: 'process' }, { kind: 'lease' }],
  };
  const dead = { problem: { code: 'REDIS_UNREACHABLE' as const, message: 'r1: no connection' } };
  const lost = { linkUp: false };
  const nowMs = Date.parse('2026-11-23T12:00:00Z');
  const given = (change: Parameters<typeof facts>[0] = {}, rest: Partial<FailoverFacts> = {}): FailoverFacts => ({
    ...facts({ r1: dead, r2: lost, r3: lost, ...change }),
    suspect: {
      primary: { name: 'r1', ...addresses.r1 },
      vantages: three,
      probes: 3,
      probeEveryMs: 500,
      probeTimeoutMs: 500,
      links: down,
    },
    observations: three.map((name) => observation(name, 'dead')),
    detached: ['r2', 'r3'].map((replica) => ({ replica, state: 'down' as const, detachedMs: 2_000 })),
    nowMs,
    ...rest,
  });
  const plan = (
    from: FailoverFacts,
    input: Partial<RedisFailoverInput> = {},
    change: Partial<FailoverIntent> = {},
  ): FailoverPlanning =>
    planFailover({ ...intent, failover, ...change }, from, { group: 'sessions', ...input }, 60_000);
  const codes = (planning: FailoverPlanning): string[] =>
    planning.ok ? [] : planning.findings.map(({ code }) => code);
  const draft = (planning: FailoverPlanning) => {
    if (planning.ok) return planning.draft;
    throw new Error(codes(planning).join(', '));
  };

  test('takes the replica with the highest offset, then the lowest priority, then the name', () => {
    expect(draft(plan(given({ r3: { ...lost, offset: 6_000_000 } }))).data.candidate.name).toBe('r3');
    expect(draft(plan(given({ r3: { ...lost, priority: 10 } }))).data.candidate.name).toBe('r3');
    expect(draft(plan(given())).data.candidate.name).toBe('r2');
  });

  test.each([
    ['priority 0', { priority: 0 }],
    ['a full sync cut short', { syncInProgress: true, offset: 9_000_000 }],
    ['loading', { loading: true }],
  ])('passes a replica over for %s', (_, change) => {
    expect(draft(plan(given({ r2: { ...lost, ...change } }))).data.candidate.name).toBe('r3');
  });

  test('passes a replica over whose link broke long before the primary was lost, though it is as old as the outage', () => {
    const detached = [
      { replica: 'r2', state: 'down' as const, detachedMs: 7_200_000 },
      { replica: 'r3', state: 'down' as const, detachedMs: 3_600_000 },
    ];
    expect(draft(plan(given({}, { detached }))).data.candidate.name).toBe('r3');
  });

  test('asks for a person when more than the limit is lost, whatever the policy says', () => {
    const tail = draft(plan(given(), { lastKnownOffset: 5_000_900 }));
    expect(tail.needsApproval).toEqual([]);
    const much = draft(plan(given(), { lastKnownOffset: 5_002_000 }));
    expect(much.needsApproval?.[0]).toMatch(/at least 2000 bytes/);
    expect(much.warnings.join('\n')).toMatch(/Needs an approval/);
    expect(draft(plan(given(), { lastKnownOffset: 5_002_000, acceptLossBytes: 2_000 })).needsApproval).toEqual([]);
  });

  test('asks for a person where nobody knows what the primary took since the candidate was cut off', () => {
    const detached = ['r2', 'r3'].map((replica) => ({ replica, state: 'down' as const, detachedMs: 3_600_000 }));
    const unread = draft(plan(given({}, { detached })));
    expect(unread.needsApproval?.join()).toMatch(
      /r2 has had nothing from the primary for 3600 s, whose offset was never read/,
    );
    const read = (agoMs: number) => ({
      lastKnownOffset: 5_000_000,
      lastKnownAt: new Date(given().nowMs - agoMs).toISOString(),
    });
    expect(draft(plan(given({}, { detached }), read(3_590_000))).needsApproval?.join()).toMatch(/last read 3590 s ago/);
    // Read a moment ago: no replica that was cut off before that is taken at all.
    expect(codes(plan(given({}, { detached }), read(5_000)))).toContain('REDIS_NO_HEALTHY_REPLICA');
  });

  test('asks for a person where the candidate has missed that the primary became one', () => {
    const told = { kind: 'entry' as const, primary: { host: 'r1', port: 6379 }, epoch: 9 };
    expect(draft(plan({ ...given(), discovery: told })).needsApproval?.join()).toMatch(/clients were told 9/);
  });

  const own = { node: 'r1', minReplicasToWrite: 1, minReplicasMaxLagSeconds: 10, replicas: ['r2', 'r3'], ageMs: 900 };
  const alone = { failover: { ...failover, fences: [{ kind: 'refuse-writes' as const }, { kind: 'lease' as const }] } };

  test('counts on the lease that the primary itself bore out, and shows what that rests on', () => {
    const { data, facts: shown } = draft(plan(given(), { lastReading: own }, alone));
    expect(data).toMatchObject({ minReplicasInForce: 1, leaseMs: 13_000 });
    expect(data.leaseVoid).toBeUndefined();
    expect(shown.find(({ label }) => label === 'what the lease rests on')?.value).toMatch(
      /^r1 itself: .* replicas r2, r3/,
    );
    // What its replicas are set to says nothing of it; a longer lag of its own lengthens the lease.
    const odd = { ...lost, writeSafety: { minReplicasToWrite: 0, minReplicasMaxLagSeconds: 60 } };
    expect(codes(plan(given({ r2: odd, r3: odd }), { lastReading: own }, alone))).toEqual([]);
    const slow = { ...own, minReplicasMaxLagSeconds: 30 };
    expect(draft(plan(given(), { lastReading: slow }, alone)).data.leaseMs).toBe(33_000);
  });

  test.each([
    ['nobody read what the primary says', undefined, {}, /r1 itself reports .* was not read/],
    ['another node said it', { ...own, node: 'r2' }, {}, /was not read/],
    ['it was read at a time that lies ahead', { ...own, ageMs: -1 }, {}, /was not read/],
    ['it was read long before', { ...own, ageMs: 61_000 }, {}, /61 s before it fell silent/],
    ['its own min-replicas-to-write was 0', { ...own, minReplicasToWrite: 0 }, {}, /of r1 was 0/],
    ['its own max-lag was 0', { ...own, minReplicasMaxLagSeconds: 0 }, {}, /max-lag of r1 was 0/],
    ['a deviation is recorded', own, { minReplicasRecorded: 0 }, /a deviation that was recorded/],
    ['a stranger followed it', { ...own, replicas: ['r2', 'r3', '10.9.9.9:6379'] }, {}, /10\.9\.9\.9:6379 followed r1/],
  ])('has no lease where %s', (_, lastReading, rest, why) => {
    const planning = plan(given({}, rest), lastReading ? { lastReading } : {}, alone);
    expect(codes(planning)).toEqual(['FENCE_IMPOSSIBLE']);
    expect(planning.ok ? '' : planning.findings[0]?.message).toMatch(why);
    // With a fence that proves something nobody needs it.
    expect(codes(plan(given({}, rest), lastReading ? { lastReading } : {}))).toEqual([]);
  });

  test('knows a replica by the address that it announces', () => {
    const announces = { host: '192.168.7.3', port: 6379 };
    const read = { ...own, replicas: ['r2', '192.168.7.3:6379'] };
    expect(codes(plan(given({ r3: { ...lost, announces } }), { lastReading: read }, alone))).toEqual([]);
  });

  test('reckons no age from a time that lies ahead of its clock', () => {
    const ahead = new Date(nowMs + 300_000).toISOString();
    const read = { lastKnownOffset: 5_000_000, lastKnownAt: ahead };
    expect(codes(plan(given(), read))).toEqual([]);
    const flapping = plan(given({}, { lastFailover: { at: ahead, epoch: 4 } }));
    expect(codes(flapping)).toEqual(['REDIS_RECENT_FAILOVER']);
    expect(flapping.ok ? '' : flapping.findings[0]?.message).toMatch(/at a time that Temporal’s clock has not reached/);
  });

  test('says that the loss is unknown where nobody read the last offset', () => {
    const { facts: shown } = draft(plan(given()));
    expect(shown.find(({ label }) => label.startsWith('loss'))?.value).toMatch(/unknown: at least 0 bytes/);
  });

  test('is refused where no fence can be confirmed and the lease is void, unless the risk is accepted in words', () => {
    const fences = [{ kind: 'refuse-writes' as const }, { kind: 'lease' as const }];
    const only = { failover: { ...failover, fences } };
    expect(codes(plan(given(), { lastReading: own }, only))).toEqual([]);
    const disarmed = given({}, { minReplicasRecorded: 0 });
    expect(codes(plan(disarmed, {}, only))).toEqual(['FENCE_IMPOSSIBLE']);
    const accepted = draft(plan(disarmed, { acceptSplitBrainRisk: 'the rack has no power' }, only));
    expect(accepted.needsApproval?.join(' ')).toMatch(/the rack has no power/);
  });

  test.each([
    ['a failover a minute ago', { lastFailover: { at: '2026-11-23T11:59:00Z', epoch: 4 } }, 'REDIS_RECENT_FAILOVER'],
    [
      'a primary that answers',
      { observations: three.map((name) => observation(name, 'alive')) },
      'REDIS_PRIMARY_ALIVE',
    ],
  ])('is refused after %s', (_, rest, code) => {
    expect(codes(plan(given({}, rest)))).toContain(code);
  });

  test('is left to the Sentinels where there are any', () => {
    expect(codes(plan(given({ r2: { ...lost, sentinelListens: true } })))).toContain('REDIS_SENTINEL_DECIDES');
  });

  test('finishes a promotion that nobody was told of, but never promotes an old primary that came back', () => {
    const primary = { role: 'primary' as const };
    expect(draft(plan(given({ r3: { ...primary, epoch: 4 } }))).data.candidate.name).toBe('r3');
    const stray = draft(plan(given({ r3: { ...primary, epoch: 2 } })));
    expect(stray.data.candidate.name).toBe('r2');
    expect(stray.data.siblings).toEqual([]);
    expect(stray.warnings.join()).toContain('r3 says that it is primary too, under the older epoch 2');
    const unknown = given(
      { r2: { ...lost, epoch: 6 }, r3: { ...primary, epoch: 5 } },
      { discovery: { kind: 'nothing' } },
    );
    expect(draft(plan(unknown)).data.candidate.name).toBe('r2');
    const two = given({ r2: { ...primary, epoch: 4 }, r3: { ...primary, epoch: 4 } });
    expect(codes(plan(two))).toContain('REDIS_SPLIT_BRAIN');
  });

  test('compares no offsets of different histories: the one whose link broke last counts', () => {
    const other = { ...lost, replid: 'f'.repeat(40), offset: 9_000_000 };
    const ages = (r2: number, r3: number) => ({
      detached: [
        { replica: 'r2', state: 'down' as const, detachedMs: r2 },
        { replica: 'r3', state: 'down' as const, detachedMs: r3 },
      ],
    });
    expect(draft(plan(given({ r2: other }, ages(30_000, 2_000)))).data.candidate.name).toBe('r3');
    expect(codes(plan(given({ r2: other }, ages(3_000, 2_000))))).toContain('REDIS_NO_HEALTHY_REPLICA');
  });

  test('has data that do not move with the readings', () => {
    const one = draft(plan(given({}, { nowMs })));
    const detached = ['r2', 'r3'].map((replica) => ({ replica, state: 'down' as const, detachedMs: 9_000 }));
    const two = draft(plan(given({}, { nowMs: nowMs + 7_000, detached })));
    expect(two.data).toEqual(one.data);
    expect(two.actions).toEqual(one.actions);
  });
});
