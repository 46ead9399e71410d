import { describe, expect, test } from 'vitest';
import type { RebalanceFacts } from '../../../../src/planning/clickhouse/index.ts';
import { planRebalance, stillHolds } from '../../../../src/planning/clickhouse/index.ts';
import type { RebalanceData } from '../../../../src/runs/index.ts';
import { cluster, days, GB, now, partition, planOf, policy, shard } from '../facts.ts';

const open = (id: string, bytes: number) => partition(id, bytes, { newestWriteMs: now - 1_000 });
const facts = (today = GB, change: Parameters<typeof shard>[2] = {}) =>
  cluster([
    shard('shard-1', [...days(10, 10 * GB), open('20260301', today)]),
    shard('shard-2', [partition('20250101', 10 * GB), open('20260301', today)], change),
  ]);

function movesOf(of: RebalanceFacts): RebalanceData['moves'] {
  return planOf(planRebalance(of, policy)).moves.map(({ wave, partition: id, from, to, rows, undo }) => {
    const all = of.shards.flatMap(({ partitions }) => partitions.filter((one) => one.id === id));
    return { wave, partition: id, from, to, rows, undo, totalRows: all.reduce((sum, one) => sum + one.rows, 0) };
  });
}

function changed(of: RebalanceFacts, id: string, how: Partial<RebalanceFacts['shards'][number]['partitions'][number]>) {
  const shards = of.shards.map((one) => ({
    ...one,
    partitions: one.partitions.map((each) => (each.id === id ? { ...each, ...how } : each)),
  }));
  return { ...of, shards };
}

describe('moves that were planned earlier', () => {
  const moves = movesOf(facts());
  const [first] = moves;
  const id = first?.partition ?? '';

  test('hold on the facts that they were made of', () => {
    expect(moves.length).toBeGreaterThan(2);
    expect(stillHolds(facts(), policy, moves)).toBe(true);
  });

  test('hold though rows came into open partitions, as much as would make another plan', () => {
    const later = facts(3 * GB);
    expect(stillHolds(later, policy, moves)).toBe(true);
    // A merge makes a partition smaller; its rows are what they were.
    expect(stillHolds(changed(later, id, { bytes: 9.9 * GB, parts: 1 }), policy, moves)).toBe(true);
  });

  test.each([
    ['took a row', { rows: (first?.rows ?? 0) + 1 }],
    ['was written to', { newestWriteMs: now - 60_000 }],
    ['was flagged', { flags: ['mutation-running' as const] }],
  ])('do not hold when a partition of theirs %s', (_why, how) => {
    expect(stillHolds(changed(facts(), id, how), policy, moves)).toBe(false);
  });

  test('do not hold when a partition of theirs is gone, or rows of it came to another shard', () => {
    const [one, two] = facts().shards;
    if (!one || !two) throw new Error('there are two shards');
    const gone = { ...one, partitions: one.partitions.filter((each) => each.id !== id) };
    expect(stillHolds(cluster([gone, two]), policy, moves)).toBe(false);
    const late = { ...two, partitions: [...two.partitions, partition(id, 1_000)] };
    expect(stillHolds(cluster([one, late]), policy, moves)).toBe(false);
  });

  test('do not hold when the target has no room any more', () => {
    expect(stillHolds(facts(GB, { freeBytes: 1_000 * GB }), policy, moves)).toBe(false);
  });

  test('do not hold when whoever planned after them would move them back', () => {
    const shards = facts().shards.map((one) =>
      one.name === 'shard-2'
        ? {
            ...one,
            partitions: [...one.partitions, ...days(12, 10 * GB).map((each) => ({ ...each, id: `x${each.id}` }))],
          }
        : one,
    );
    expect(stillHolds(cluster(shards), policy, moves)).toBe(false);
  });
});
