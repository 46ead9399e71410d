import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planKeyReshard } from '../../../../src/planning/clickhouse/index.ts';
import type { KeyReshardFacts, KeyReshardPolicy } from '../../../../src/planning/clickhouse/index.ts';
import type { KeyReshardPlan } from '../../../../src/runs/index.ts';
import { GB } from '../facts.ts';

const policy: KeyReshardPolicy = { stagingFactor: 2, copyBytesPerSecond: 100e6, bucketOverheadMs: 1_000 };
const key = { kind: 'key', expression: 'cityHash64(customer_id)' } as const;
const table = {
  database: 'metrics',
  name: 'usage',
  engine: 'ReplicatedMergeTree',
  family: 'plain',
  sharding: key,
} as const;

/** Shards by weight, and buckets that lie on the shards in turn, `owners` of them. */
function facts(weights: readonly number[], buckets: number, owners: number, bytes = GB): KeyReshardFacts {
  return {
    cluster: 'metrics',
    table,
    shards: weights.map((weight, at) => ({ name: `ch-${at + 1}`, weight, freeBytes: 1_000 * GB })),
    buckets: Array.from({ length: buckets }, (_, bucket) => ({
      bucket,
      shard: `ch-${(bucket % owners) + 1}`,
      rows: 1_000,
      bytes,
    })),
  };
}

function planOf(given: KeyReshardFacts): KeyReshardPlan {
  const planning = planKeyReshard(given, policy);
  if (planning.ok) return planning.plan;
  throw new Error(planning.findings.map(({ message }) => message).join('\n'));
}

describe('a table sharded by a key', () => {
  test('from 2 to 3 shards: a third of the buckets goes to the new one, nothing else moves', () => {
    const plan = planOf(facts([1, 1, 1], 12, 2));
    expect(plan.moves.map(({ from, to }) => `${from} → ${to}`).sort()).toEqual([
      'ch-1 → ch-3',
      'ch-1 → ch-3',
      'ch-2 → ch-3',
      'ch-2 → ch-3',
    ]);
    expect(plan.shares.map(({ bucketsBefore, bucketsAfter }) => [bucketsBefore, bucketsAfter])).toEqual([
      [6, 4],
      [6, 4],
      [0, 4],
    ]);
    expect(plan.summary).toEqual([
      '4 buckets of 12 (4.0 GB of 12 GB) change their shard; all others stay where they are',
    ]);
    expect(plan.durationMs).toBe(4 * 11_000);
  });

  test('a shard of weight 0 gives all of its buckets away', () => {
    const plan = planOf(facts([1, 0, 1], 12, 3));
    expect(plan.moves.map(({ from }) => from)).toEqual(Array(4).fill('ch-2'));
    expect(plan.shares.map(({ bucketsAfter }) => bucketsAfter)).toEqual([6, 0, 6]);
  });

  test('shards that have their share keep every bucket', () => {
    expect(planOf(facts([1, 1], 7, 2)).moves).toEqual([]);
  });

  test('without room for what would come is refused', () => {
    const given = facts([1, 1], 4, 1, 300 * GB);
    const tight = { ...given, shards: given.shards.map((one) => ({ ...one, freeBytes: 800 * GB })) };
    expect(planKeyReshard(tight, policy)).toEqual({
      ok: false,
      findings: [
        {
          code: 'CLICKHOUSE_NO_ROOM',
          message: 'ch-2 would get 600 GB and needs 900 GB; 800 GB are free',
          place: 'ch-2',
        },
      ],
    });
  });

  test('is what it is for: one with random placement is sent to the other mode', () => {
    const planning = planKeyReshard(
      { ...facts([1, 1], 4, 1), table: { ...table, sharding: { kind: 'random' } } },
      policy,
    );
    expect(planning.ok ? [] : planning.findings.map(({ code }) => code)).toEqual(['CLICKHOUSE_NOT_KEY_SHARDED']);
  });

  test('a bucket on a shard that nobody knows is a contradiction', () => {
    const planning = planKeyReshard(facts([1, 1], 6, 3), policy);
    expect(planning.ok ? [] : planning.findings.map(({ code }) => code)).toEqual([
      'CLICKHOUSE_BAD_FACTS',
      'CLICKHOUSE_BAD_FACTS',
    ]);
  });
});

test('whatever the buckets: shares are met, no bucket moves twice or for nothing, planning again moves none', () => {
  const anyFacts = fc.integer({ min: 2, max: 6 }).chain((count) =>
    fc.record({
      weights: fc
        .array(fc.integer({ min: 0, max: 4 }), { minLength: count, maxLength: count })
        .filter((all) => all.some(Boolean)),
      buckets: fc.array(fc.record({ owner: fc.nat(count - 1), size: fc.nat(50) }), { maxLength: 64 }),
    }),
  );
  fc.assert(
    fc.property(anyFacts, ({ weights, buckets }) => {
      const given: KeyReshardFacts = {
        ...facts(weights, 0, 1),
        buckets: buckets.map(({ owner, size }, bucket) => ({
          bucket,
          shard: `ch-${owner + 1}`,
          rows: size,
          bytes: size * GB * 0.1,
        })),
      };
      const plan = planOf(given);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      plan.shares.forEach(({ weight, bucketsAfter }) => {
        expect(Math.abs(bucketsAfter - (buckets.length * weight) / total)).toBeLessThan(1);
      });
      // The least that must change its shard is what comes to those who get more.
      const least = plan.shares.reduce((sum, one) => sum + Math.max(0, one.bucketsAfter - one.bucketsBefore), 0);
      expect(plan.moves).toHaveLength(least);
      expect(new Set(plan.moves.map(({ bucket }) => bucket)).size).toBe(least);
      const after = given.buckets.map((one) => ({
        ...one,
        shard: plan.moves.find(({ bucket }) => bucket === one.bucket)?.to ?? one.shard,
      }));
      expect(planOf({ ...given, buckets: after }).moves).toEqual([]);
      expect(
        planKeyReshard(
          { ...given, shards: [...given.shards].reverse(), buckets: [...given.buckets].reverse() },
          policy,
        ),
      ).toEqual({ ok: true, plan });
    }),
    { numRuns: 500 },
  );
});
