import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAnswer,
  chooseParts,
  chooseTiers,
  clockSkewMs,
  copyDays,
  costOf,
  fasterTier,
  heldOf,
  lossOf,
  phaseTimes,
  pickRecoveryPoint,
  planRecovery,
  slowerTier,
  spendingOf,
  thawAction,
  thawMs,
  thawTimes,
  upgradeOf,
} from '../../../src/planning/archive/recovery/index.ts';
import type { Prices, RestoreFacts, ThawSeen } from '../../../src/planning/archive/recovery/index.ts';
import type { ThawTier } from '../../../src/runs/index.ts';
import { backupObject, headerOf, testPrices } from './objects.ts';

const hour = 3_600_000;
const day = 24 * hour;

const storageClass = fc.constantFrom('STANDARD', 'STANDARD_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE');
const object = fc.record({ size: fc.integer({ min: 1, max: 5e12 }), storageClass });
const price = fc.record({
  perGB: fc.double({ min: 0, max: 1, noNaN: true }),
  per1000: fc.double({ min: 0, max: 20, noNaN: true }),
});
const prices: fc.Arbitrary<Prices> = fc
  .record({ e: price, s: price, b: price, ds: price, db: price })
  .map(({ e, s, b, ds, db }) => ({
    ...testPrices,
    retrieval: { GLACIER: { Expedited: e, Standard: s, Bulk: b }, DEEP_ARCHIVE: { Standard: ds, Bulk: db } },
  }));

describe('the choice of tiers', () => {
  test('meets the budget wherever any tier does, gives each class only what it has, and thaws nothing that is warm', () => {
    fc.assert(
      fc.property(
        fc.array(object, { maxLength: 30 }),
        prices,
        fc.integer({ min: 0, max: 4 * day }),
        (all, given, budget) => {
          const choice = chooseTiers(all, given, budget);
          const slowest: number[] = [0];
          all.forEach((one, at) => {
            const tier = choice.tiers[at];
            if (thawTimes[one.storageClass] === undefined) return expect(tier).toBeUndefined();
            const offered = Object.values(thawTimes[one.storageClass] ?? {});
            const takes = thawMs(one.storageClass, tier as ThawTier) as number;
            expect(takes).toBeDefined();
            slowest.push(takes);
            if (Math.min(...offered) <= budget) expect(takes).toBeLessThanOrEqual(budget);
            else expect(takes).toBe(Math.min(...offered));
          });
          expect(choice.thawMs).toBe(Math.max(...slowest));
          expect(choice.inTime).toBe(choice.thawMs <= budget);
        },
      ),
    );
  });

  test('no assignment of tiers that meets the budget is cheaper', () => {
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1, maxLength: 4 }),
        prices,
        fc.integer({ min: 6 * 60_000, max: 3 * day }),
        (all, given, budget) => {
          const cost = (tiers: readonly (ThawTier | undefined)[]): number =>
            costOf(
              given,
              spendingOf(
                all.map((one, at) => ({ ...backupObject(at), ...one, ...(tiers[at] ? { tier: tiers[at] } : {}) })),
                4,
              ),
            ).total;
          const choice = chooseTiers(all, given, budget);
          fc.pre(choice.inTime);
          const options = all.map((one) =>
            Object.entries(thawTimes[one.storageClass] ?? { none: 0 })
              .filter(([, ms]) => ms <= budget)
              .map(([tier]) => (tier === 'none' ? undefined : (tier as ThawTier))),
          );
          const every = options.reduce<(ThawTier | undefined)[][]>(
            (sets, tiers) => sets.flatMap((set) => tiers.map((tier) => [...set, tier])),
            [[]],
          );
          const best = Math.min(...every.map(cost));
          expect(cost(choice.tiers)).toBeLessThanOrEqual(best * (1 + 1e-9) + 1e-9);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('mixes tiers where one class is too slow and the other is not', () => {
    const all = [
      { size: 1e9, storageClass: 'GLACIER' },
      { size: 1e9, storageClass: 'DEEP_ARCHIVE' },
      { size: 1e9, storageClass: 'STANDARD' },
    ];
    expect(chooseTiers(all, testPrices, 13 * hour).tiers).toEqual(['Bulk', 'Standard', undefined]);
    expect(chooseTiers(all, testPrices, 60 * hour).tiers).toEqual(['Bulk', 'Bulk', undefined]);
    expect(chooseTiers(all, testPrices, 6 * hour)).toMatchObject({
      tiers: ['Standard', 'Standard', undefined],
      inTime: false,
    });
  });

  test('Deep Archive has no Expedited, up or down', () => {
    expect(fasterTier('DEEP_ARCHIVE', 'Standard')).toBeUndefined();
    expect(fasterTier('GLACIER', 'Standard')).toBe('Expedited');
    expect(slowerTier('GLACIER', 'Expedited')).toBe('Standard');
    expect(slowerTier('DEEP_ARCHIVE', 'Bulk')).toBeUndefined();
  });
});

describe('the thaw of an object', () => {
  const at = Date.parse('2026-03-01T00:00:00Z');
  const seen: fc.Arbitrary<ThawSeen> = fc.oneof(
    fc.constantFrom<ThawSeen>({ state: 'warm' }, { state: 'cold' }, { state: 'thawing' }, { state: 'missing' }),
    fc.integer({ min: -5 * day, max: 5 * day }).map((ms): ThawSeen => ({ state: 'thawed', expiresAtMs: at + ms })),
  );

  test('is asked for only while it is cold, and never while one is under way', () => {
    fc.assert(
      fc.property(seen, fc.integer({ min: -day, max: 5 * day }), (one, need) => {
        const action = thawAction(one, at + need);
        if (action === 'request') expect(one.state).toBe('cold');
        if (one.state === 'thawing') expect(action).toBe('wait');
        if (one.state === 'thawed') expect(action).toBe(one.expiresAtMs < at + need + clockSkewMs ? 'extend' : 'none');
      }),
    );
  });

  test('whatever the store answers, a request settles or is asked again with a tier that its class has; nothing is asked for ever', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('GLACIER', 'DEEP_ARCHIVE'),
        fc.constantFrom<ThawTier>('Expedited', 'Standard', 'Bulk'),
        (of, first) => {
          fc.pre(thawMs(of, first) !== undefined);
          let tier = first;
          for (let tries = 1; tries <= 4; tries += 1) {
            const next = afterAnswer('noCapacity', { storageClass: of, tier, tries });
            if (next.is === 'settled') throw new Error('no capacity is no answer');
            tier = next.tier;
            expect(thawMs(of, tier)).toBeDefined();
          }
          if (first === 'Expedited') expect(tier).not.toBe('Expedited');
          for (const answer of ['accepted', 'extended', 'inProgress', 'notCold'] as const)
            expect(afterAnswer(answer, { storageClass: of, tier, tries: 1 })).toEqual({ is: 'settled' });
        },
      ),
    );
  });

  test('its copy outlives the slowest thaw, its copying and its proof by three days', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 48 * hour }),
        fc.integer({ min: 0, max: 1e13 }),
        fc.integer({ min: 0, max: 1e6 }),
        (thaw, bytes, objects) => {
          const times = phaseTimes(bytes, objects);
          const days = copyDays(thaw, times);
          expect(Number.isInteger(days)).toBe(true);
          expect(days * day - thaw - times.copyMs - times.verifyMs).toBeGreaterThanOrEqual(3 * day);
        },
      ),
    );
  });
});

describe('what a restore costs', () => {
  test('is the sum of its parts, grows with every object, and names the prices that it lacked', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 20 }), object, prices, (all, more, given) => {
        const spent = (of: typeof all) => {
          const { tiers } = chooseTiers(of, given, day);
          return costOf(
            given,
            spendingOf(
              of.map((one, at) => ({ ...backupObject(at), ...one, ...(tiers[at] ? { tier: tiers[at] } : {}) })),
              5,
            ),
          );
        };
        const less = spent(all);
        expect(less.total).toBeCloseTo(less.requests + less.retrieval + less.storage + less.transfer, 6);
        expect(spent([...all, more]).total).toBeGreaterThanOrEqual(less.total);
        expect(less.unpriced).toEqual([]);
      }),
    );
    const bare: Prices = { currency: 'EUR', storage: {}, requests: {}, retrieval: {} };
    const cold = [{ ...backupObject(1), storageClass: 'GLACIER', tier: 'Bulk' as const }];
    expect(costOf(bare, spendingOf(cold, 4))).toMatchObject({
      total: 0,
      unpriced: ['requests.get', 'requests.put', 'retrieval.GLACIER.Bulk', 'storage.STANDARD', 'transferPerGB'],
    });
  });

  test('agrees with the example of AWS: 15 million objects of together 100 TB, Standard', () => {
    const thaws = [{ storageClass: 'GLACIER', tier: 'Standard' as const, objects: 15e6, bytes: 102_400e9 }];
    const none = { bytes: 0, days: 0 };
    const { requests, retrieval } = costOf(testPrices, {
      thaws,
      copies: none,
      thawed: none,
      puts: 0,
      gets: 0,
      outBytes: 0,
    });
    expect(requests).toBeCloseTo(750, 6);
    expect(retrieval).toBeCloseTo(1024, 6);
  });
});

describe('a thaw that is late', () => {
  test('is asked for again only with a faster tier that is still in time, and asks above the limit', () => {
    const late = [{ size: 100e9, storageClass: 'GLACIER', tier: 'Bulk' as const }];
    expect(upgradeOf(late, testPrices, 6 * hour, 100)).toMatchObject({
      upgrade: 'tier',
      tier: 'Standard',
      objects: 1,
      asks: false,
    });
    expect(upgradeOf(late, testPrices, 6 * hour, 0.5)).toMatchObject({ asks: true });
    expect(upgradeOf(late, testPrices, hour, 100)).toEqual({ upgrade: 'none' });
    expect(upgradeOf([{ size: 1, storageClass: 'DEEP_ARCHIVE', tier: 'Standard' }], testPrices, day, 100)).toEqual({
      upgrade: 'none',
    });
  });
});

describe('the recovery point', () => {
  const good = (id: string) => ({ backupId: id, header: headerOf(id), problems: [] });
  const bad = (id: string, message: string) => ({
    ...good(id),
    problems: [{ code: 'ARCHIVE_OBJECT_CHANGED' as const, message, place: id }],
  });

  test('is the newest backup that can be trusted; what is newer is named with its reason', () => {
    const points = [
      good('20260101T000000Z-aaaa'),
      bad('20260103T000000Z-cccc', 'data/9 is gone'),
      good('20260102T000000Z-bbbb'),
    ];
    const picked = pickRecoveryPoint(points);
    expect(picked).toMatchObject({ ok: true, passedOver: ['20260103T000000Z-cccc: data/9 is gone'] });
    expect(picked.ok && picked.point.backupId).toBe('20260102T000000Z-bbbb');
  });

  test('that was asked for must be one that can be trusted', () => {
    const points = [good('20260101T000000Z-aaaa'), bad('20260103T000000Z-cccc', 'data/9 is gone')];
    expect(pickRecoveryPoint(points, '20260103T000000Z-cccc')).toMatchObject({
      ok: false,
      findings: [{ message: 'data/9 is gone' }],
    });
    expect(pickRecoveryPoint(points, '20260104T000000Z-dddd')).toMatchObject({
      ok: false,
      findings: [{ code: 'ARCHIVE_NO_BACKUP' }],
    });
    expect(pickRecoveryPoint([])).toMatchObject({ ok: false, findings: [{ code: 'ARCHIVE_NO_BACKUP' }] });
  });

  test('loses an interval: at least what came after its last read, at most what came after it began', () => {
    const header = headerOf('20260102T000000Z-bbbb');
    const read = (ms: number, backupId = header.backupId) => ({
      ...backupObject(1),
      backupId,
      readAt: new Date(Date.parse(header.createdAt) + ms).toISOString(),
    });
    const lostAt = Date.parse(header.createdAt) + 10 * hour;
    expect(lossOf(heldOf(header, [read(hour), read(2 * hour), read(-30 * day, 'older')]), lostAt)).toEqual({
      leastMs: 8 * hour,
      mostMs: 10 * hour,
    });
    expect(lossOf(heldOf(header, []), Date.parse(header.createdAt) - hour)).toEqual({ leastMs: 0, mostMs: 0 });
  });
});

describe('the parts of a restore', () => {
  const table = (name: string, shard: number, at: number) => ({
    ...backupObject(at),
    source: { kind: 'clickhouse' as const, cluster: 'metrics', table: name, partition: '202601', shard },
  });
  const schema = {
    ...backupObject(90),
    role: 'schema' as const,
    source: { kind: 'clickhouse-schema' as const, cluster: 'metrics' },
  };
  const redis = { ...backupObject(91), role: 'redis' as const, source: { kind: 'redis' as const, group: 'sessions' } };
  const file = { ...backupObject(92), role: 'platform' as const, source: { kind: 'platform-file' as const } };
  const all = [table('metrics.a', 1, 1), table('metrics.a', 2, 2), table('metrics.b', 1, 3), schema, redis, file];

  test('one table takes its own objects and the schema of its cluster, and no other', () => {
    const chosen = chooseParts(all, 'metrics.a');
    expect(chosen).toMatchObject({ ok: true, parts: [{ kind: 'clickhouse', table: 'metrics.a', shards: [1, 2] }] });
    expect(chosen.ok && chosen.objects.map(({ key }) => key)).toEqual([all[0], all[1], schema].map((one) => one?.key));
    expect(chooseParts(all, 'sessions')).toMatchObject({
      ok: true,
      parts: [{ kind: 'redis', group: 'sessions' }],
      objects: [redis],
    });
  });

  test('everything is everything but the platform file; what the backup does not have is refused with what it has', () => {
    const chosen = chooseParts(all, 'all');
    expect(chosen.ok && chosen.objects).toHaveLength(5);
    expect(chooseParts(all, 'metrics.c')).toMatchObject({
      ok: false,
      findings: [
        {
          code: 'ARCHIVE_UNKNOWN_SOURCE',
          message: 'the backup has no metrics.c; it has metrics.a, metrics.b, sessions',
        },
      ],
    });
  });
});

describe('the plan', () => {
  const objects = [
    { ...backupObject(1), storageClass: 'GLACIER', size: 50e9 },
    { ...backupObject(2), storageClass: 'DEEP_ARCHIVE', size: 50e9 },
    backupObject(3),
  ];
  const facts: RestoreFacts = {
    ...{
      archive: 'main',
      what: 'all',
      header: headerOf('20260102T000000Z-bbbb'),
      parts: [{ kind: 'redis', group: 'sessions' }],
    },
    ...{ objects, passedOver: [], lostAtMs: Date.parse('2026-01-02T02:00:00Z'), findings: [], warnings: [] },
  };
  const intent = { prices: testPrices, deadlineMs: 72 * hour, expiryMarginMs: 12 * hour, verb: 'restore', tail: [] };
  const stored = { uri: 'memory:', sha256: 'x', bytes: 1, count: 3 };

  test('says tiers, days, money and what is lost', () => {
    const planned = planRecovery(facts, intent);
    if (!planned.ok) throw new Error('refused');
    const draft = planned.draft.finish(stored);
    expect(draft.title).toBe(
      'restore everything from backup 20260102T000000Z-bbbb of main: 100.0 GB, 2 objects to thaw',
    );
    expect(draft.data).toMatchObject({ cold: 2, days: 6, thawMs: 48 * hour, objects: stored });
    expect(draft.facts.find(({ label }) => label === 'lost')?.value).toBe(
      'what was written in the last 60 min to 2.0 h',
    );
    expect(draft.facts.find(({ label }) => label === 'tiers')?.value).toBe(
      '1 × GLACIER Bulk, 1 × DEEP_ARCHIVE Bulk, 1 × STANDARD, no thaw',
    );
    expect(draft.warnings).toEqual([]);
  });

  test('is the same however late it is made: what moves by itself is in the facts alone', () => {
    const once = planRecovery(facts, intent);
    const later = planRecovery({ ...facts, lostAtMs: Date.parse('2026-01-05T02:00:00Z') }, intent);
    if (!once.ok || !later.ok) throw new Error('refused');
    const lasting = (draft: ReturnType<typeof once.draft.finish>) => ({ ...draft, facts: [], warnings: [] });
    expect(lasting(later.draft.finish(stored))).toEqual(lasting(once.draft.finish(stored)));
  });

  test('warns of a deadline that no tier keeps, and refuses with every finding', () => {
    const late = planRecovery(facts, { ...intent, deadlineMs: hour });
    expect(late.ok && late.draft.finish(stored).warnings[0]).toMatch(/^the deadline of 60 min cannot be kept/);
    const findings = [
      { code: 'S3_NO_PERMISSION' as const, message: 'HEAD data/1' },
      { code: 'ARCHIVE_STAGING_TOO_SMALL' as const, message: 'staging has 1 GB free' },
    ];
    expect(planRecovery({ ...facts, findings }, intent)).toEqual({ ok: false, findings });
  });
});
