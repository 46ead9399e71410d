import { expect, test } from 'vitest';
import type { TierFacts, TierIntent } from '../../../../src/planning/clickhouse/index.ts';
import { planTier, sharesDays, tableTtl, tierSpan, tierUnit } from '../../../../src/planning/clickhouse/index.ts';
import {
  dayBefore,
  dayMs,
  factsOf,
  flatServer,
  intent,
  lastLevel,
  nowMs,
  partitionOf,
  rollupOf,
  serverOf,
} from './facts.ts';

const planned = (facts: TierFacts, of: TierIntent = intent) => {
  const planning = planTier(of, facts);
  if (!planning.ok) throw new Error(JSON.stringify(planning.findings));
  return planning.draft;
};
const coarse: TierIntent = { ...intent, table: 'metrics.samples_m5', keepMs: 30 * dayMs, tier: 'ssd', volume: 'warm' };

test('expires the oldest first, as many as one run may, and says in its plan what cannot come back', () => {
  const ids = [9, 11, 10, 20, 19, 18, 17].map(dayBefore);
  const { data, actions, irreversible, warnings, title } = planned(factsOf(ids.map((id) => partitionOf(id))));
  const oldest = [20, 19, 18, 17, 11].map(dayBefore);
  expect(data.expiries.map(({ partition }) => partition)).toEqual(oldest);
  expect(data.overdue).toEqual([]);
  expect(title).toBe('metrics.samples: expire 5 partitions');
  expect(actions[0]).toMatchObject({ step: 'clickhouse.prove-rollup', reversible: true });
  expect(actions[1]).toEqual({
    step: 'clickhouse.expire-partition',
    what: `Expire ${dayBefore(20)}, 300 samples that metrics.samples_m5 adds up to`,
    reversible: false,
  });
  expect(irreversible).toHaveLength(5);
  expect(warnings.filter((words) => words.includes('one of the next runs'))).toHaveLength(2);
});

test('counts the time from the end of the day, in the widest time zone where the column names none', () => {
  const [justOver, notYet] = [dayBefore(8), dayBefore(7)];
  const facts = factsOf([justOver, notYet].map((id) => partitionOf(id)));
  expect(planned(facts).data.expiries.map(({ partition }) => partition)).toEqual([justOver]);
  const anywhere = { ...facts, servers: [serverOf('a', { timeType: 'DateTime' })] };
  // Noon UTC: the day has just ended for the last ones on earth.
  expect(planned(anywhere).data.expiries.map(({ partition }) => partition)).toEqual([justOver]);
  expect(planned({ ...anywhere, nowMs: nowMs - 1 }).data.idle).toBe(true);
});

test.each([
  [
    'a count that differs',
    { rollup: rollupOf(dayBefore(9), '300', '299') },
    'count 300 here, 299 in metrics.samples_m5',
  ],
  ['equal counts of other keys', { rollup: rollupOf(dayBefore(9), '300', '300', ['7', '8']) }, 'not of the same keys'],
  ['nothing read', { rollup: { figures: ['count'], here: [], next: [] } }, 'nothing was read of it'],
])('refuses an expiry for %s', (_what, more, says) => {
  const { data, warnings, title } = planned(factsOf([partitionOf(dayBefore(9), more)]));
  expect(data).toMatchObject({ idle: true, expiries: [], overdue: [{ code: 'CLICKHOUSE_ROLLUP_DIFFERS' }] });
  expect(warnings.join()).toContain(says);
  expect(title).toBe('Nothing to do for metrics.samples; 1 overdue and refused');
});

test('refuses an expiry without a backup, past a TTL of the table’s own, and before the finer level is gone', () => {
  const due = partitionOf(dayBefore(9));
  const codes = (facts: TierFacts, of = intent) => planned(facts, of).data.overdue.map(({ code }) => code);
  expect(codes(factsOf([{ ...due, backup: { known: false, evidence: 'none' } }]))).toEqual([
    'CLICKHOUSE_NOT_BACKED_UP',
  ]);
  const accepted = planned(factsOf([{ ...due, backup: { known: false, evidence: '' } }]), {
    ...intent,
    noBackup: 'a lab',
  });
  expect(accepted.data.expiries).toHaveLength(1);
  expect(accepted.warnings).toContain('No backup is asked for: a lab');
  const ttl = { servers: [serverOf('a'), serverOf('b', { ttl: { whole: 'time', deletes: ['time'], keeps: [] } })] };
  expect(codes(factsOf([due], ttl))).toEqual(['CLICKHOUSE_NATIVE_TTL']);
  const month = partitionOf('202604', { rollup: rollupOf('20260401') });
  const ofMonth = { ...factsOf([month]), servers: [serverOf('a', { partitionKey: 'toYYYYMM(time)' })] };
  expect(codes({ ...ofMonth, finer: ['20260430', '20260501'] }, coarse)).toEqual(['CLICKHOUSE_ROLLUP_OPEN']);
  expect(codes({ ...ofMonth, finer: ['20260501'] }, coarse)).toEqual([]);
});

test('lets the last level go on its backup alone, and says so', () => {
  const due = partitionOf(dayBefore(9), { rollup: { figures: [], here: [], next: [] } });
  const { data, warnings } = planned(factsOf([due]), lastLevel);
  expect(data.expiries).toHaveLength(1);
  expect(warnings.join()).toContain('the last level');
});

test('leaves what is written to, however old it is', () => {
  const written = partitionOf(dayBefore(90), { newestWriteMs: nowMs - dayMs + 1 });
  const ahead = partitionOf(dayBefore(80), { newestWriteMs: nowMs + 60_000 });
  const { data, warnings } = planned(factsOf([written, ahead]));
  expect(data).toMatchObject({ idle: true, overdue: [] });
  expect(warnings).toEqual([
    `${dayBefore(90)} is left: it was written to 24 h ago: open`,
    `${dayBefore(80)} is left: it was written to 0 s ago: open`,
  ]);
});

test('moves closed partitions to their volume server by server, as far as there is room beside the reserve', () => {
  const kept = [3, 4, 5].map((days) => partitionOf(dayBefore(days)));
  const facts = { ...factsOf(kept), servers: [serverOf('a'), serverOf('b')] };
  const small = serverOf('b');
  const tight = small.storage?.disks.map((disk) => ({ ...disk, freeBytes: 350 })) ?? [];
  const servers = [
    serverOf('a'),
    { ...small, ...(small.storage ? { storage: { ...small.storage, disks: tight } } : {}) },
  ];
  const { data, warnings } = planned({ ...facts, servers }, coarse);
  expect(data.moves.map(({ server, partition }) => `${server} ${partition}`)).toEqual([
    ...[`a ${dayBefore(5)}`, `b ${dayBefore(5)}`, `a ${dayBefore(4)}`, `a ${dayBefore(3)}`],
  ]);
  expect(data.moves[0]).toMatchObject({ volume: 'warm', from: ['hot'], digest: { rows: 300 } });
  expect(warnings.join()).toContain(
    'CLICKHOUSE_VOLUME_FULL: warm of b takes 50 B more beside its reserve, and it has 100 B',
  );
});

test('does retention and proofs on a server without storage policies, and says what it cannot do', () => {
  const { data, warnings } = planned(
    factsOf([partitionOf(dayBefore(9)), partitionOf(dayBefore(3))], { servers: [flatServer('a')] }),
  );
  expect(data).toMatchObject({ moves: [], expiries: [{ partition: dayBefore(9) }] });
  expect(warnings).toContain(
    'a: no storage policies, so nothing can be moved to nvme there; retention and proofs go on',
  );
});

test('plans nothing for a table that is partitioned otherwise, or whose policy lacks the volume', () => {
  const other = serverOf('a', { partitionKey: 'customer' });
  expect(planTier(intent, factsOf([], { servers: [other] }))).toMatchObject({
    ok: false,
    findings: [{ code: 'CLICKHOUSE_PARTITIONING_UNSUPPORTED', place: 'a' }],
  });
  expect(planTier({ ...intent, volume: 'glass' }, factsOf([]))).toMatchObject({
    ok: false,
    findings: [{ code: 'CLICKHOUSE_NO_VOLUME' }, { code: 'CLICKHOUSE_NO_VOLUME' }],
  });
});

test('reads spans and units of partitions, and which of them share days', () => {
  expect(
    ['toYYYYMMDD(time)', 'toDate(time)', '(toYYYYMM(`time`))', 'toMonday(time)', '', '(a, toDate(t))'].map(tierUnit),
  ).toEqual(['day', 'day', 'month', undefined, undefined, undefined]);
  expect(tierSpan('202612', "DateTime('UTC')")).toEqual({
    fromMs: Date.UTC(2026, 11, 1),
    untilMs: Date.UTC(2027, 0, 1),
  });
  expect(tierSpan('20260231', "DateTime('UTC')")).toBeUndefined();
  expect(tierSpan('all', 'Date')).toBeUndefined();
  expect([
    sharesDays('202601', '20260131'),
    sharesDays('20260131', '202601'),
    sharesDays('20260131', '20260130'),
  ]).toEqual([true, true, false]);
});

test.each([
  ['MergeTree PARTITION BY d ORDER BY n SETTINGS index_granularity = 8192', undefined],
  ['MergeTree ORDER BY n TTL d + toIntervalDay(7) SETTINGS a = 1', 'd + toIntervalDay(7)'],
  [`MergeTree ORDER BY n TTL d + toIntervalDay(7) TO VOLUME 'warm', d + toIntervalDay(9) TO DISK 'x'`, undefined],
  [
    `MergeTree ORDER BY n TTL d + toIntervalDay(7) TO VOLUME 'warm', d + toIntervalDay(9) DELETE`,
    'd + toIntervalDay(9) DELETE',
  ],
  [
    `MergeTree ORDER BY n TTL d + f(1, 2) RECOMPRESS CODEC(ZSTD(1)), d + f(3, 4) WHERE s = ' TO DISK '`,
    `d + f(3, 4) WHERE s = ' TO DISK '`,
  ],
  [`MergeTree ORDER BY n COMMENT ' TTL d '`, undefined],
])('finds the deleting part of the TTL in %s', (engine, found) => {
  expect(tableTtl(engine)?.deletes ?? []).toEqual(found === undefined ? [] : [found]);
});

test('takes what deletes off a TTL, keeps its moves, and expires nothing before the next run', () => {
  const [deletes, moves] = ['time + toIntervalDay(60)', "time + toIntervalDay(1) TO VOLUME 'warm'"];
  const ttl = { whole: `${deletes}, ${moves}`, deletes: [deletes], keeps: [moves] };
  const facts = factsOf([partitionOf(dayBefore(9))], { servers: [serverOf('a', { ttl }), serverOf('b')] });
  const { data, actions, irreversible } = planned(facts);
  expect(data.aligns).toEqual([
    { cluster: 'metrics', table: intent.table, server: 'a', ttl: { from: ttl.whole, deletes, to: moves } },
  ]);
  expect(actions[0]).toMatchObject({ step: 'clickhouse.align-table', reversible: true });
  expect(data).toMatchObject({ idle: false, expiries: [], overdue: [{ code: 'CLICKHOUSE_NATIVE_TTL' }] });
  expect(irreversible).toEqual([]);
});

test('gives a table the declared policy first, and moves nothing in the same run', () => {
  const of = { ...intent, policy: 'colder', volume: 'frozen' };
  const volumes = ['hot', 'warm', 'cold', 'frozen'].map((name) => ({ name, disks: [name] }));
  const servers = [serverOf('a'), serverOf('b')].map((server) => ({
    ...server,
    ...(server.storage ? { storage: { ...server.storage, wanted: { policy: 'colder', volumes } } } : {}),
  }));
  const { data, irreversible } = planned(factsOf([partitionOf(dayBefore(3))], { servers }), of);
  expect(data.aligns.map(({ server, policy }) => [server, policy])).toEqual([
    ['a', { from: 'tiered', to: 'colder' }],
    ['b', { from: 'tiered', to: 'colder' }],
  ]);
  expect(data).toMatchObject({ idle: false, moves: [], expiries: [] });
  expect(irreversible).toHaveLength(2);
});

test.each([
  ['the server has no such policy', undefined, 'has no storage policy colder'],
  ['it lacks a volume that the table has', ['hot', 'cold'], 'colder lacks warm of tiered'],
])('refuses a declared policy where %s', (_what, has, says) => {
  const wanted = has && { policy: 'colder', volumes: has.map((name) => ({ name, disks: [name] })) };
  const server = serverOf('a');
  const storage = server.storage && { ...server.storage, ...(wanted ? { wanted } : {}) };
  const facts = factsOf([], { servers: [{ ...server, ...(storage ? { storage } : {}) }] });
  const planning = planTier({ ...intent, policy: 'colder' }, facts);
  expect(planning).toMatchObject({ ok: false, findings: [{ code: 'CLICKHOUSE_NO_VOLUME' }] });
  expect(planning.ok ? '' : planning.findings[0]?.message).toContain(says);
});
