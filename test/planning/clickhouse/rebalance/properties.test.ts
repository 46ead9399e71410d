import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyMoves, planRebalance } from '../../../../src/planning/clickhouse/index.ts';
import type {
  EngineFamily,
  PartitionFacts,
  RebalanceFacts,
  RebalancePolicy,
  ShardFacts,
} from '../../../../src/planning/clickhouse/index.ts';
import type { RebalanceMove } from '../../../../src/runs/index.ts';
import { cluster, GB, now, partition, policy as usual } from '../facts.ts';

const tiers = ['hdd', 'ssd'] as const;

const anyPartition: fc.Arbitrary<PartitionFacts> = fc
  .record({
    id: fc.integer({ min: 1, max: 30 }),
    size: fc.integer({ min: 0, max: 400 }),
    tier: fc.constantFrom(...tiers),
    age: fc.option(fc.integer({ min: -1, max: 200 }), { nil: undefined, freq: 20 }),
    open: fc.integer({ min: 0, max: 12 }).map((roll) => roll === 0),
    flagged: fc.integer({ min: 0, max: 12 }).map((roll) => roll === 0),
    heat: fc.option(fc.integer({ min: 0, max: 500 }), { nil: undefined }),
  })
  .map(({ id, size, tier, age, open, flagged, heat }) => {
    return partition(`p${id}`, (size * GB) / 10, {
      tier,
      open,
      flags: flagged ? ['mutation-running'] : [],
      newestWriteMs: age === undefined ? 'unknown' : now - age * 3_600_000,
      ...(heat === undefined ? {} : { heat }),
    });
  });

const anyDisks = fc
  .tuple(...tiers.map((tier) => fc.record({ tier: fc.constant(tier), free: fc.integer({ min: 0, max: 400 }) })))
  .chain((all) => fc.subarray(all, { minLength: 1 }))
  .map((all) =>
    all.map(({ tier, free }) => ({
      name: tier,
      tier,
      totalBytes: 500 * GB,
      freeBytes: free * GB,
      reserveBytes: 10 * GB,
    })),
  );

const anyShard = (name: string): fc.Arbitrary<ShardFacts> =>
  fc
    .record({
      weight: fc.constantFrom(0, 1, 1, 1, 2, 3),
      partitions: fc.uniqueArray(anyPartition, { selector: ({ id }) => id, maxLength: 25 }),
      disks: fc.tuple(anyDisks, anyDisks),
    })
    .map(({ weight, partitions, disks }) => ({
      name,
      weight,
      partitions,
      replicas: disks.map((list, at) => ({ name: `${name}-r${at + 1}`, disks: list })),
    }));

const anyFacts: fc.Arbitrary<RebalanceFacts> = fc
  .record({
    shards: fc
      .integer({ min: 2, max: 6 })
      .chain((count) => fc.tuple(...Array.from({ length: count }, (_, at) => anyShard(`ch-${at + 1}`)))),
    family: fc.constantFrom<EngineFamily>('plain', 'plain', 'aggregating', 'replacing'),
  })
  .map(({ shards, family }) => cluster(shards, { family }));

const anyPolicy: fc.Arbitrary<RebalancePolicy> = fc
  .record({
    tolerance: fc.constantFrom(0, 0.02, 0.05, 0.2),
    window: fc.integer({ min: 1, max: 4 }),
    stagingFactor: fc.constantFrom(1, 2, 3),
    reserveShare: fc.constantFrom(0, 0.1),
  })
  .map((given) => ({ ...usual, ...given }));

const anyLimit = fc.option(fc.integer({ min: 1, max: 6 }), { nil: Infinity });

function movesOf(facts: RebalanceFacts, policy: RebalancePolicy): readonly RebalanceMove[] {
  const planning = planRebalance(facts, policy);
  return planning.ok ? planning.plan.moves : [];
}

/** Whether a partition has left its shard in a wave before that of a move. */
function hasLeft(
  moves: readonly RebalanceMove[],
  { shard, id }: { shard: string; id: string },
  { wave }: Pick<RebalanceMove, 'wave'>,
): boolean {
  return moves.some((move) => move.from === shard && move.partition === id && move.wave < wave);
}

/** Free on each replica of a tier, as the servers would count it, reserves taken off. */
function freeOf({ replicas }: ShardFacts, tier: string, policy: RebalancePolicy): number {
  return Math.min(
    ...replicas.map(({ disks = [] }) =>
      disks
        .filter((disk) => disk.tier === tier)
        .reduce(
          (sum, { freeBytes, reserveBytes, totalBytes }) =>
            sum + freeBytes - Math.max(reserveBytes, policy.reserveShare * totalBytes),
          0,
        ),
    ),
  );
}

/**
 * A sliding window as the run keeps one: moves start in their order, at most so many at once, a wave after the one before
 * it; which of those under way ends next is up to `roll`. Calls back after each start with what every shard then holds.
 */
function slide(
  moves: readonly RebalanceMove[],
  { window, stagingFactor }: RebalancePolicy,
  roll: () => number,
  look: (used: (shard: string, tier: string) => number) => void,
): void {
  const waiting = [...moves];
  const under: RebalanceMove[] = [];
  const done: RebalanceMove[] = [];
  const used = (shard: string, tier: string) =>
    [...under.map((move) => ({ move, factor: stagingFactor })), ...done.map((move) => ({ move, factor: 1 }))]
      .filter(({ move }) => move.to === shard && move.tier === tier)
      .reduce((sum, { move, factor }) => sum + factor * move.bytes, 0);
  while (waiting.length || under.length) {
    const [next] = waiting;
    const mayStart = next && under.length < window && under.every(({ wave }) => wave === next.wave);
    if (mayStart && (under.length === 0 || roll() < 0.7)) {
      under.push(...waiting.splice(0, 1));
      look(used);
    } else done.push(...under.splice(Math.floor(roll() * under.length), 1));
  }
}

describe('whatever the cluster', () => {
  test('there is a plan or at least one reason, and never a move between a shard and itself or of what is not there', () => {
    fc.assert(
      fc.property(anyFacts, anyPolicy, (facts, policy) => {
        const planning = planRebalance(facts, policy);
        if (!planning.ok) {
          expect(planning.findings.length).toBeGreaterThan(0);
          return;
        }
        const { moves, movedBytes } = planning.plan;
        for (const { from, to, partition: id, bytes, tier, rows } of moves) {
          expect(from).not.toBe(to);
          const there = facts.shards.find(({ name }) => name === from)?.partitions.find((one) => one.id === id);
          expect(there).toMatchObject({ bytes, tier, rows });
        }
        expect(new Set(moves.map(({ from, partition: id }) => `${from} ${id}`)).size).toBe(moves.length);
        expect(movedBytes).toBe(moves.reduce((sum, { bytes }) => sum + bytes, 0));
      }),
      { numRuns: 500 },
    );
  });

  test('no disk of any replica is ever filled into its reserve, whichever move is the slowest', () => {
    fc.assert(
      fc.property(
        anyFacts,
        anyPolicy,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (facts, policy, stream) => {
          const roll = () => stream.next().value as number;
          slide(movesOf(facts, policy), policy, roll, (used) => {
            for (const shard of facts.shards) {
              for (const tier of tiers) {
                const taken = used(shard.name, tier);
                if (taken > 0) expect(taken).toBeLessThanOrEqual(freeOf(shard, tier, policy));
              }
            }
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what is open on any shard, or flagged, is never moved, and nothing is put beside what is flagged or on another tier', () => {
    fc.assert(
      fc.property(anyFacts, anyPolicy, anyLimit, (facts, given, maxMoves) => {
        const policy = { ...given, maxMoves };
        const all = facts.shards.flatMap(({ name, partitions }) => partitions.map((one) => ({ shard: name, ...one })));
        const moves = movesOf(facts, policy);
        for (const move of moves) {
          for (const one of all.filter(({ id }) => id === move.partition)) {
            expect(one.open).toBe(false);
            expect(now - (one.newestWriteMs ?? now)).toBeGreaterThanOrEqual(policy.closedAfterMs);
            if (one.shard === move.from || (one.shard === move.to && !hasLeft(moves, one, move))) {
              expect(one.flags).toEqual([]);
              expect(one.tier).toBe(move.tier);
            }
          }
          expect(facts.shards.find(({ name }) => name === move.to)?.weight).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('rows of a ReplacingMergeTree of two shards never meet', () => {
    fc.assert(
      fc.property(anyFacts, anyPolicy, anyLimit, (facts, given, maxMoves) => {
        const policy = { ...given, maxMoves };
        const replacing = { ...facts, table: { ...facts.table, family: 'replacing' as const } };
        const moves = movesOf(replacing, policy);
        for (const { to, partition: id, wave } of moves) {
          const there = facts.shards.find(({ name }) => name === to)?.partitions.find((one) => one.id === id);
          expect(there === undefined || hasLeft(moves, { shard: to, id }, { wave })).toBe(true);
          expect(moves.filter((move) => move.to === to && move.partition === id)).toHaveLength(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('planning again after the plan gives no move, unless it sends on what the plan could move once only', () => {
    fc.assert(
      fc.property(anyFacts, anyPolicy, (facts, policy) => {
        const moves = movesOf(facts, policy);
        const again = movesOf(applyMoves(facts, moves), policy);
        const sentOn = again.some(({ from, partition: id }) =>
          moves.some((move) => move.to === from && move.partition === id),
        );
        if (!sentOn) expect(again).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('limits on moves or bytes are kept, and plan after plan comes to an end', () => {
    fc.assert(
      fc.property(anyFacts, fc.integer({ min: 1, max: 4 }), (given, maxMoves) => {
        const policy = { ...usual, maxMoves, maxBytes: 90 * GB };
        let facts = given;
        let turns = 0;
        for (let moves = movesOf(facts, policy); moves.length; moves = movesOf(facts, policy)) {
          expect(moves.length).toBeLessThanOrEqual(maxMoves);
          expect(moves.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(policy.maxBytes);
          facts = applyMoves(facts, moves);
          turns += 1;
          expect(turns).toBeLessThan(200);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('the order of the facts makes no difference', () => {
    const shuffled = anyFacts.chain((facts) =>
      fc.record({
        facts: fc.constant(facts),
        other: fc
          .tuple(
            fc.shuffledSubarray([...facts.shards], { minLength: facts.shards.length }),
            fc.infiniteStream(fc.nat(1_000)),
          )
          .map(([shards, stream]) => ({
            ...facts,
            shards: shards.map((shard) => ({
              ...shard,
              replicas: [...shard.replicas].reverse(),
              partitions: shard.partitions
                .map((one) => ({ one, key: stream.next().value as number }))
                .sort((a, b) => a.key - b.key)
                .map(({ one }) => one),
            })),
          })),
      }),
    );
    fc.assert(
      fc.property(shuffled, anyPolicy, ({ facts, other }, policy) => {
        expect(planRebalance(other, policy)).toEqual({ ...planRebalance(facts, policy) });
      }),
      { numRuns: 300 },
    );
  });

  test('everything that stays is counted once, with its reason', () => {
    fc.assert(
      fc.property(anyFacts, anyPolicy, (facts, policy) => {
        const planning = planRebalance(facts, policy);
        if (!planning.ok) return;
        const { moves, left } = planning.plan;
        const all = facts.shards.flatMap(({ partitions }) => partitions);
        expect(left.reduce((sum, { partitions }) => sum + partitions, 0) + moves.length).toBe(all.length);
        expect(left.every(({ why, partitions }) => partitions > 0 && why.length > 20)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('a shard of weight 0 is emptied of all that may move wherever there is room', () => {
  const roomy = anyFacts.map((facts) => ({
    ...facts,
    table: { ...facts.table, family: 'plain' as const },
    shards: facts.shards.map((shard, at) => ({
      ...shard,
      weight: at === 0 ? 0 : 1,
      partitions: shard.partitions.map((one) => ({ ...one, flags: [], tier: 'ssd' })),
      replicas: [
        {
          name: `${shard.name}-r1`,
          disks: [{ name: 'ssd', tier: 'ssd', totalBytes: 1e15, freeBytes: 1e15, reserveBytes: 0 }],
        },
      ],
    })),
  }));
  fc.assert(
    fc.property(roomy, (facts) => {
      const [drained] = applyMoves(facts, movesOf(facts, usual)).shards;
      const open = new Set(
        facts.shards.flatMap(({ partitions }) =>
          partitions
            .filter((one) => one.open || now - (one.newestWriteMs ?? now) < usual.closedAfterMs)
            .map(({ id }) => id),
        ),
      );
      // A partition without bytes weighs nothing and is left to its expiry.
      expect(drained?.partitions.filter(({ id, bytes }) => !open.has(id) && bytes > 0)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
