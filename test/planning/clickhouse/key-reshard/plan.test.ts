import { expect, test } from 'vitest';
import { misplacedRows, planReshard } from '../../../../src/planning/clickhouse/index.ts';
import type { BucketShare, ReshardFacts, ReshardTerms } from '../../../../src/planning/clickhouse/index.ts';
import { GB } from '../facts.ts';

const policy = { stagingFactor: 2, copyBytesPerSecond: 50e6, bucketOverheadMs: 0 };
const terms: ReshardTerms = {
  ...{ distributed: 'usage.events_all', buckets: 6, fence: 'held back', fenced: true },
  open: new Set(['20260201']),
};

function facts(
  weights: readonly number[],
  shares: readonly BucketShare[],
  more: Partial<ReshardFacts> = {},
): ReshardFacts {
  return {
    cluster: 'metrics',
    table: {
      ...{ database: 'usage', name: 'events', engine: 'ReplicatedMergeTree', family: 'plain' },
      sharding: { kind: 'key', expression: 'cityHash64(customer)' },
    },
    shards: weights.map((weight, at) => ({ name: `shard-${at + 1}`, weight, freeBytes: 1_000 * GB })),
    shares,
    rowBytes: { 'shard-1': 100, 'shard-2': 100 },
    rule: 'cityHash64(customer)',
    ...more,
  };
}

/** Six buckets in turn on two shards, in two partitions. */
const byHash = ['20260101', '20260201'].flatMap((partition) =>
  Array.from({ length: 6 }, (_, bucket): BucketShare => {
    return { shard: `shard-${(bucket % 2) + 1}`, partition, bucket, rows: 1_000 + bucket };
  }),
);
const draft = (given: ReshardFacts, of = terms) => {
  const planning = planReshard(given, policy, of);
  if (!planning.ok) throw new Error(planning.findings.map(({ message }) => message).join());
  return planning.draft;
};

test('from two shards to three: a third of the buckets goes, partition by partition, and the rule says where', () => {
  const { data, actions, irreversible } = draft(facts([1, 1, 1], byHash));
  expect(data.placed.filter((shard) => shard === 'shard-3')).toHaveLength(2);
  const moves = misplacedRows(byHash, data.placed);
  expect(moves.map(({ partition, from, to }) => `${partition} ${from} ${to}`)).toEqual([
    '20260101 shard-1 shard-3',
    '20260101 shard-2 shard-3',
    '20260201 shard-1 shard-3',
    '20260201 shard-2 shard-3',
  ]);
  for (const { buckets } of moves) for (const bucket of buckets) expect(data.placed[bucket]).toBe('shard-3');
  expect(data).toMatchObject({ newRule: true, idle: false });
  expect(actions.map(({ step }) => step)).toEqual([
    'clickhouse.find-open',
    'clickhouse.hold-ingest',
    'clickhouse.switch-rule',
    'clickhouse.open-ingest',
    'clickhouse.find-misplaced',
    'clickhouse.check-health',
    ...Array.from({ length: 3 }, () => 'clickhouse.split'),
    'clickhouse.prove-placement',
  ]);
  expect(irreversible).toHaveLength(2);
});

test('carried out and planned again it gives nothing to do, whatever the order of the facts', () => {
  const { data } = draft(facts([1, 1, 1], byHash));
  const after = byHash.map((one) => ({ ...one, shard: data.placed[one.bucket] ?? '' }));
  const again = { placed: data.placed, rule: 'ours' };
  expect(draft(facts([1, 1, 1], after, again)).data).toMatchObject({ idle: true, newRule: false });
  expect(draft(facts([1, 1, 1], [...byHash].reverse())).data).toEqual(data);
});

test('takes rows that lie elsewhere than their bucket where they belong, under a rule that stays', () => {
  const placed = ['shard-1', 'shard-2', 'shard-1', 'shard-2', 'shard-1', 'shard-2'];
  const stray: BucketShare = { shard: 'shard-2', partition: '20260101', bucket: 0, rows: 7 };
  const { data } = draft(facts([1, 1], [...byHash, stray], { placed }));
  expect(data).toMatchObject({ newRule: false, idle: false });
  expect(misplacedRows([...byHash, stray], data.placed)).toEqual([
    { partition: '20260101', from: 'shard-2', to: 'shard-1', buckets: [0], rows: 7 },
  ]);
});

test('with two shards it only writes the rule down as it is, so that a third one changes nothing by being there', () => {
  const { data } = draft(facts([1, 1], byHash));
  expect(data).toMatchObject({ newRule: true, idle: false });
  expect(data.placed).toEqual(['shard-1', 'shard-2', 'shard-1', 'shard-2', 'shard-1', 'shard-2']);
});

test('refuses to have one shard give rows of a partition to two others, and says what to do instead', () => {
  const onOne = byHash.map((one) => ({ ...one, shard: 'shard-1' }));
  const planning = planReshard(facts([1, 1, 1], onOne), policy, terms);
  expect(planning).toMatchObject({ ok: false, findings: [{ code: 'CLICKHOUSE_RESHARD_FANS_OUT', place: 'shard-1' }] });
});

test('warns where nobody holds the writers back while the rule changes', () => {
  expect(draft(facts([1, 1, 1], byHash), { ...terms, fenced: false }).warnings.join()).toContain('tries a block again');
  expect(draft(facts([1, 1, 1], byHash)).warnings.join()).not.toContain('tries a block again');
});

test('what was approved is the same after rows have come, though another choice of buckets would be lighter now', () => {
  const { title, actions, irreversible, voidIf, data } = draft(facts([1, 1, 1], byHash));
  const approved = { title, actions, irreversible, voidIf, data };
  const grown = [...byHash].reverse().map((one) => ({ ...one, rows: one.rows + (6 - one.bucket) * 500 }));
  const today = [...grown, { shard: 'shard-1', partition: '20260202', bucket: 0, rows: 3 }];
  const later = facts([1, 1, 1], today);
  expect(draft(later).data.placed).not.toEqual(approved.data.placed);
  expect(draft(later, { ...terms, approved: approved.data.placed })).toMatchObject(approved);
});
