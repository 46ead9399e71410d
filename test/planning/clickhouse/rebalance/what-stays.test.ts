import { describe, expect, test } from 'vitest';
import { applyMoves, planRebalance } from '../../../../src/planning/clickhouse/index.ts';
import type { PartitionFlag } from '../../../../src/planning/clickhouse/index.ts';
import { cluster, codesOf, day, dayName, days, GB, movesOf, now, partition, planOf, policy, shard } from '../facts.ts';

describe('what must stay stays', () => {
  const rest = days(20, GB);

  test('a partition that is open on any shard is moved from none', () => {
    const open = partition('20260228', 20 * GB, { newestWriteMs: now - 600_000 });
    const closedHere = partition('20260228', 20 * GB);
    const facts = cluster([shard('ch-1', [closedHere, ...rest]), shard('ch-2', [{ ...open, bytes: GB }])]);
    const plan = planOf(planRebalance(facts, policy));
    expect(plan.moves.map(({ partition: id }) => id)).not.toContain('20260228');
    expect(plan.left.find(({ reason, shard: name }) => reason === 'open' && name === 'ch-1')?.why).toBe(
      '1 partition may still take rows: 20260228 was written on ch-2 10 min ago, closed is after 2 h',
    );
  });

  test.each([
    ['written a while ago', { newestWriteMs: now - policy.closedAfterMs }, true],
    ['written just now', { newestWriteMs: now - policy.closedAfterMs + 1 }, false],
    ['written in the future', { newestWriteMs: now + day }, false],
    ['said to be open', { open: true }, false],
  ])('a partition %s', (_, given, moves) => {
    const facts = cluster([
      shard('ch-1', [partition('a', GB, given), partition('b', GB, { open: true })]),
      shard('ch-2', []),
    ]);
    expect(codesOf(facts)).toEqual(moves ? [] : ['CLICKHOUSE_NOTHING_MOVABLE']);
  });

  test('a partition of which nobody knows when it was written', () => {
    const unknown = partition('a', GB, { newestWriteMs: 'unknown' });
    const facts = cluster([shard('ch-1', [unknown], { weight: 0 }), shard('ch-2', [])]);
    const planning = planRebalance(facts, policy);
    expect(planning.ok ? [] : planning.findings).toEqual([
      {
        code: 'CLICKHOUSE_NOTHING_MOVABLE',
        message:
          "ssd: ch-1 stays not empty, 1.0 GB: 1.0 GB of it can't be moved (1 partition may still take rows: when a was last written on ch-1 is not known)",
        place: 'ch-1',
      },
    ]);
  });

  test.each<[PartitionFlag, string]>([
    ['mutation-running', 'a mutation is rewriting it'],
    ['foreign-detached', 'it has detached parts that are not ours'],
    ['too-big-to-drop', 'it is larger than max_partition_size_to_drop, so that it could not be dropped afterwards'],
    ['replicas-differ', 'its replicas do not agree on it'],
    ['spans-tiers', 'it lies on more than one tier'],
    ['remote-disk', 'parts of it are on a remote disk'],
    ['not-backed-up', 'no backup of it is known'],
  ])('a partition with the flag %s', (flag, words) => {
    const flagged = partition('flagged', 10 * GB, { flags: [flag] });
    const plan = planOf(planRebalance(cluster([shard('ch-1', [flagged, ...rest]), shard('ch-2', [])]), policy));
    expect(plan.moves.map(({ partition: id }) => id)).not.toContain('flagged');
    expect(plan.left.find(({ reason }) => reason === 'flagged')?.why).toBe(`1 partition must not be touched: ${words}`);
  });

  test('nothing is put beside a flagged partition of the same id', () => {
    const there = partition('a', GB, { flags: ['foreign-detached'] });
    const facts = cluster([shard('ch-1', [partition('a', 3 * GB), partition('b', 3 * GB)]), shard('ch-2', [there])]);
    expect(movesOf(facts, { tolerance: 0.3 })).toEqual(['b ch-1 → ch-2']);
  });
});

describe('engines whose rows meet', () => {
  const shards = [shard('ch-1', days(10, GB)), shard('ch-2', days(2, GB)), shard('ch-3', days(1, GB))];

  test('a ReplacingMergeTree goes only where its partition is not', () => {
    const table = { engine: 'ReplicatedReplacingMergeTree', family: 'replacing' } as const;
    const plan = planOf(planRebalance(cluster(shards, table), policy));
    for (const { partition: id, to } of plan.moves) {
      expect(shards.find(({ name }) => name === to)?.partitions.map((one) => one.id)).not.toContain(id);
    }
    // The youngest day is everywhere already.
    expect(plan.left.find(({ reason }) => reason === 'would-merge')).toMatchObject({ examples: [dayName(30)] });
    expect(plan.left.find(({ reason }) => reason === 'would-merge')?.why).toBe(
      '1 partition would meet rows of the same partition on every other shard, and ReplicatedReplacingMergeTree drops rows of equal keys when they meet',
    );
  });

  test('two shards never send the same partition of a ReplacingMergeTree to the same third one', () => {
    const table = { family: 'replacing' } as const;
    const plan = planOf(
      planRebalance(
        cluster([shard('ch-1', days(9, GB)), shard('ch-2', days(9, GB)), shard('ch-3', [])], table),
        policy,
      ),
    );
    const arrivals = plan.moves.map(({ partition: id, to }) => `${id} ${to}`);
    expect(new Set(arrivals).size).toBe(arrivals.length);
    expect(plan.moves.length).toBeGreaterThan(4);
  });

  test('an AggregatingMergeTree may go beside its like, and the plan names the parts that may merge', () => {
    const table = { engine: 'ReplicatedAggregatingMergeTree', family: 'aggregating' } as const;
    const plan = planOf(
      planRebalance(
        cluster([shard('ch-1', days(6, 4 * GB)), shard('ch-2', days(2, 4 * GB, { parts: 7 }))], table),
        policy,
      ),
    );
    // Two of six must go, and four could be taken back from ch-2: those go.
    expect(plan.moves.map(({ undo }) => undo)).toEqual(['drop', 'drop']);
    const full = cluster([shard('ch-1', days(3, 4 * GB)), shard('ch-2', days(3, GB, { parts: 7 }))], table);
    const [first] = planOf(planRebalance(full, { ...policy, tolerance: 0.3 })).moves;
    expect(first).toMatchObject({ mergesWithParts: 7, undo: 'reverse-move' });
    expect(first?.why).toContain('; ch-2 has 10000000 rows of it: going back would be a reverse move');
  });
});

test('a partition waits until the part of it on another tier has left its destination, and goes in a later wave', () => {
  const tiers = ['hdd', 'ssd'];
  // On hdd, ch-3 is to get half of what ch-1 has; on ssd, ch-1 is the only one that can take what leaves ch-2.
  const facts = cluster([
    shard('ch-1', [partition('open', GB, { tier: 'hdd', open: true }), partition('p', GB, { tier: 'hdd' })], { tiers }),
    shard('ch-2', [partition('p', GB, { tier: 'ssd' })], { weight: 0, tiers }),
    shard('ch-3', [], { tiers: ['hdd'] }),
  ]);
  const { moves } = planOf(planRebalance(facts, policy));
  expect(moves.map(({ wave, tier, from, to }) => `${wave}: ${tier} ${from} → ${to}`)).toEqual([
    '1: hdd ch-1 → ch-3',
    '2: ssd ch-2 → ch-1',
  ]);
});

describe('a partition that was sent on leaves its shard late, and so does what follows it there', () => {
  const disks = (tier: string, freeBytes: number) => [
    { name: tier, tier, totalBytes: 500 * GB, freeBytes, reserveBytes: 10 * GB },
  ];
  const onDisks = (name: string, weight: number, partitions: Parameters<typeof shard>[1], all = disks('ssd', 0)) =>
    shard(name, partitions, { weight, replicas: [{ name: `${name}-r1`, disks: all }] });
  // The planner first sends p30 from ch-5 to ch-2, then on to ch-3; p30 of ch-4 takes its place meanwhile.
  const facts = cluster(
    [
      onDisks('ch-2', 1, [], disks('ssd', 12 * GB)),
      onDisks('ch-3', 1, [], disks('ssd', 140 * GB)),
      onDisks('ch-4', 0, [partition('p30', 0.1 * GB, { tier: 'hdd' }), partition('p1', 0.2 * GB)]),
      onDisks(
        'ch-5',
        2,
        [partition('p30', 0.1 * GB), partition('p1', 0.6 * GB), partition('p2', 0.5 * GB, { open: true })],
        [...disks('hdd', 11 * GB), ...disks('ssd', 0)],
      ),
      onDisks('ch-6', 0, [partition('p3', 0.1 * GB)]),
    ],
    { family: 'replacing' },
  );

  test('in a later wave than it', () => {
    const change = { tolerance: 0, stagingFactor: 3, reserveShare: 0 };
    const { moves } = planOf(planRebalance(facts, { ...policy, ...change }));
    const waves = moves.filter(({ partition: id }) => id === 'p30').map(({ from, to, wave }) => ({ from, to, wave }));
    expect(waves).toEqual([
      { from: 'ch-5', to: 'ch-3', wave: 2 },
      { from: 'ch-4', to: 'ch-5', wave: 3 },
    ]);
  });
});

test('where a limit keeps a partition on its shard, nothing goes there that must not meet it', () => {
  const tiers = ['hdd', 'ssd'];
  const facts = cluster([
    shard('ch-1', [partition('open', GB, { tier: 'hdd', open: true }), partition('p', GB, { tier: 'hdd' })], { tiers }),
    shard('ch-2', [partition('p', GB / 4), partition('q', GB / 4)], { weight: 0, tiers }),
    shard('ch-3', [], { tiers: ['hdd'] }),
  ]);
  expect(movesOf(facts)).toEqual(['p ch-1 → ch-3', 'q ch-2 → ch-1', 'p ch-2 → ch-1']);
  expect(movesOf(facts, { maxBytes: 0.9 * GB })).toEqual(['q ch-2 → ch-1']);
  const left = planOf(planRebalance(facts, { ...policy, maxBytes: 0.9 * GB })).left.map(
    ({ reason, shard: name }) => `${name} ${reason}`,
  );
  expect(left).toEqual(['ch-1 open', 'ch-1 over-limit', 'ch-2 over-limit']);
});

test('where two shards would exchange a partition by way of a third, the last step is left to the next plan', () => {
  const tiers = ['hdd', 'ssd'];
  const hdd = { tier: 'hdd' };
  // p on the hdd of ch-2 is to end on ch-4, and p on the ssd of ch-4 on ch-2: one of them has to step aside.
  const facts = cluster(
    [
      shard('ch-1', [], { weight: 2, tiers, freeBytes: 0 }),
      shard('ch-2', [partition('p', 5.2 * GB, hdd)], { weight: 3, tiers }),
      shard('ch-3', [partition('q', 4.5 * GB)], { tiers }),
      shard('ch-4', [partition('q', 5.2 * GB), partition('p', 5.3 * GB), partition('r', 0.7 * GB)], {
        weight: 3,
        tiers,
      }),
      shard('ch-5', [partition('q', 4.9 * GB, hdd), partition('r', 0.9 * GB)], { weight: 0, tiers }),
    ],
    { family: 'replacing' },
  );
  const exact = { tolerance: 0, window: 2, stagingFactor: 1, reserveShare: 0 };
  const { moves } = planOf(planRebalance(facts, { ...policy, ...exact }));
  const ofP = moves.filter(({ partition: id }) => id === 'p').map(({ wave, from, to }) => `${wave}: ${from} → ${to}`);
  expect(ofP).toEqual(['1: ch-2 → ch-3', '2: ch-4 → ch-2']);
  expect(movesOf(applyMoves(facts, moves), exact)).toEqual(['p ch-3 → ch-4']);
});
