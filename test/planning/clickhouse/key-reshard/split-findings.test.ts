import { expect, test } from 'vitest';
import type { RebalanceFacts, SplitFacts } from '../../../../src/planning/clickhouse/index.ts';
import { maxSplits, splitFindings } from '../../../../src/planning/clickhouse/index.ts';

const GB = 1e9;

/** A shard with days of 10 GB and 300 rows each, on a server with so much free. */
function shard(
  name: string,
  days: readonly string[],
  freeBytes: number,
  change: object = {},
): RebalanceFacts['shards'][number] {
  const partitions = days.map((id) => ({
    ...{ id, rows: 300, bytes: 10 * GB, parts: 4, tier: 'nvme', open: false, flags: [], ...change },
  }));
  const disk = { name: 'default', tier: 'nvme', freeBytes, totalBytes: 100 * GB, reserveBytes: 0 };
  return { name, weight: 1, replicas: [{ name: `${name}-r1`, disks: [disk] }], partitions };
}

const move = (partition: string, from = 'shard-1'): SplitFacts['moves'][number] => ({
  ...{ partition, from, to: 'shard-3', buckets: [2], rows: 100 },
});
const codes = (facts: Partial<SplitFacts>): string[] =>
  splitFindings({
    ...{ moves: [move('a')], shards: [shard('shard-1', ['a', 'b', 'c'], 50 * GB)], detached: [] },
    ...{ maxPartitionBytes: 50 * GB, ...facts },
  }).map(({ code }) => code);

test('finds nothing where every split can be made', () => {
  expect(codes({})).toEqual([]);
});

test('finds what would refuse a split once the rule has been switched', () => {
  expect(codes({ maxPartitionBytes: 9 * GB })).toEqual(['CLICKHOUSE_PARTITION_TOO_BIG']);
  expect(codes({ shards: [shard('shard-1', ['a'], 50 * GB, { parts: 1_001 })] })).toEqual(['CLICKHOUSE_MERGE_FIRST']);
  expect(codes({ detached: [{ from: 'shard-1', partition: 'a' }] })).toEqual(['CLICKHOUSE_ALREADY_DETACHED']);
  // What lies in `detached` elsewhere is in nobody's way.
  expect(codes({ detached: [{ from: 'shard-2', partition: 'a' }] })).toEqual([]);
});

test('counts on each source what stays of all that it splits: it is copied, and the former parts are kept', () => {
  const moves = ['a', 'b', 'c'].map((id) => move(id));
  // Two thirds of 30 GB, and a tenth more.
  expect(codes({ moves, shards: [shard('shard-1', ['a', 'b', 'c'], 22.1 * GB)] })).toEqual([]);
  expect(codes({ moves, shards: [shard('shard-1', ['a', 'b', 'c'], 21.9 * GB)] })).toEqual(['CLICKHOUSE_NO_ROOM']);
});

test('looks at the splits that one run makes, and no further', () => {
  const days = Array.from({ length: maxSplits + 1 }, (_, at) => `d${at}`);
  const facts = { moves: days.map((id) => move(id)), shards: [shard('shard-1', days, 10_000 * GB)] };
  expect(codes({ ...facts, detached: [{ from: 'shard-1', partition: days[maxSplits] ?? '' }] })).toEqual([]);
  expect(codes({ ...facts, detached: [{ from: 'shard-1', partition: days[0] ?? '' }] })).toHaveLength(1);
});
