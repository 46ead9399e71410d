import { describe, expect, test } from 'vitest';
import { planRebalance } from '../../../../src/planning/clickhouse/index.ts';
import type { RebalanceFacts } from '../../../../src/planning/clickhouse/index.ts';
import { cluster, codesOf, dayName, days, GB, movesOf, partition, planOf, policy, shard } from '../facts.ts';

describe('a skewed cluster', () => {
  const skewed = cluster([shard('ch-1', days(10, 10 * GB)), shard('ch-2', [])]);

  test('is brought within the tolerance with no partition too many', () => {
    const plan = planOf(planRebalance(skewed, policy));
    expect(plan.moves).toHaveLength(5);
    expect(plan.movedBytes).toBe(50 * GB);
    expect(plan.balanced).toBe(true);
    expect(
      plan.shares.map(({ shard: name, beforeBytes, afterBytes }) => [name, beforeBytes / GB, afterBytes / GB]),
    ).toEqual([
      ['ch-1', 100, 50],
      ['ch-2', 0, 50],
    ]);
  });

  test('says of each move why it is made, and of all that stays why it stays', () => {
    const plan = planOf(planRebalance(skewed, policy));
    expect(plan.moves[0]).toMatchObject({
      from: 'ch-1',
      to: 'ch-2',
      tier: 'ssd',
      undo: 'drop',
      why: 'ch-1 is 100 % over its share, ch-2 is 100 % under its share; not written for 30 days',
    });
    expect(plan.left).toEqual([
      {
        reason: 'not-needed',
        shard: 'ch-1',
        tier: 'ssd',
        partitions: 5,
        bytes: 50 * GB,
        examples: [dayName(34), dayName(35), dayName(36)],
        why: '5 partitions: the tolerance is reached without moving more',
      },
    ]);
    expect(plan.summary).toEqual([
      '5 partitions (50 GB) move in about 5 min',
      '2 tiers of shards outside the limits before, 0 after',
    ]);
  });

  test('is left alone within the tolerance', () => {
    expect(movesOf(cluster([shard('ch-1', days(21, GB)), shard('ch-2', days(20, GB))]))).toEqual([]);
  });

  test('gives the partition that is just large enough, not the largest', () => {
    const sizes = [40, 30, 12, 11, 7];
    const full = sizes.map((size, at) => partition(`p${at}`, size * GB));
    // 100 and 80: the limits are 85.5 and 94.5, so 5.5 must go. Largest-first would send 7 or 11.
    expect(movesOf(cluster([shard('ch-1', full), shard('ch-2', [partition('q', 80 * GB)])]))).toEqual([
      'p4 ch-1 → ch-2',
    ]);
  });

  test('that only another selection can balance gets it', () => {
    // 60 and 20, limits 38 and 42: 18 to 22 must go. Neither 15 nor 30 will do, but 15 + 5.
    const full = [30, 15, 10, 5].map((size, at) => partition(`p${at}`, size * GB));
    expect(movesOf(cluster([shard('ch-1', full), shard('ch-2', [partition('q', 20 * GB)])])).sort()).toEqual([
      'p1 ch-1 → ch-2',
      'p3 ch-1 → ch-2',
    ]);
  });
});

describe('weights', () => {
  test('say what a shard is to hold', () => {
    const plan = planOf(
      planRebalance(cluster([shard('ch-1', days(40, GB)), shard('ch-2', [], { weight: 3 })]), policy),
    );
    const [one, two] = plan.shares;
    expect(one?.targetBytes).toBe(10 * GB);
    expect(two?.targetBytes).toBe(30 * GB);
    // No more than it takes: 28.5 is the lower limit of ch-2, 10.5 the upper one of ch-1.
    expect(plan.movedBytes).toBe(30 * GB);
  });

  test('of 0 empty a shard, down to the last partition that may be moved', () => {
    const plan = planOf(
      planRebalance(
        cluster([shard('ch-1', days(6, GB), { weight: 0 }), shard('ch-2', days(6, GB)), shard('ch-3', days(6, GB))]),
        policy,
      ),
    );
    expect(plan.moves.map(({ from }) => from)).toEqual(Array(6).fill('ch-1'));
    expect(plan.shares.map(({ afterBytes }) => afterBytes / GB)).toEqual([0, 9, 9]);
    expect(plan.moves[0]?.why).toContain('ch-1 is to be empty');
  });

  test('of 0 say what keeps a shard from being empty', () => {
    const open = partition('20260301', GB, { open: true });
    const plan = planOf(
      planRebalance(
        cluster([shard('ch-1', [open, ...days(6, GB)], { weight: 0 }), shard('ch-2', days(6, GB))]),
        policy,
      ),
    );
    expect(plan.moves).toHaveLength(6);
    // What can't leave is its share for now, and the summary of what stays names it.
    expect(plan.left).toContainEqual(
      expect.objectContaining({
        reason: 'open',
        shard: 'ch-1',
        why: '1 partition may still take rows: 20260301 is open on ch-1',
      }),
    );
  });

  test('of a new shard fill it from all others alike', () => {
    const plan = planOf(
      planRebalance(cluster([shard('ch-1', days(30, GB)), shard('ch-2', days(30, GB)), shard('ch-3', [])]), policy),
    );
    // 19 is the lower limit of a share of 20.
    expect(plan.movedBytes).toBe(19 * GB);
    expect(plan.shares.map(({ afterBytes }) => afterBytes / GB).sort((a, b) => a - b)).toEqual([19, 20, 21]);
  });
});

describe('tiers', () => {
  test('are balanced each by itself', () => {
    const hot = days(10, GB, { tier: 'nvme' });
    const cold = days(10, 10 * GB, { tier: 'hdd' }).map((one) => ({ ...one, id: `old-${one.id}` }));
    const tiers = ['nvme', 'hdd'];
    const plan = planOf(
      planRebalance(cluster([shard('ch-1', hot, { tiers }), shard('ch-2', cold, { tiers })]), policy),
    );
    expect(plan.moves.filter(({ from }) => from === 'ch-1').every(({ tier }) => tier === 'nvme')).toBe(true);
    expect(plan.moves.filter(({ from }) => from === 'ch-2').every(({ tier }) => tier === 'hdd')).toBe(true);
    expect(plan.shares.map(({ tier, afterBytes }) => `${tier} ${afterBytes / GB}`)).toEqual([
      'hdd 50',
      'hdd 50',
      'nvme 5',
      'nvme 5',
    ]);
  });

  test('that a shard has no disk for get nothing there', () => {
    const facts = cluster([shard('ch-1', days(10, GB)), shard('ch-2', [], { tiers: ['hdd'] })]);
    expect(codesOf(facts)).toEqual(['CLICKHOUSE_NO_ROOM']);
    const drained = cluster([shard('ch-1', days(10, GB), { weight: 0 }), shard('ch-2', [], { tiers: ['hdd'] })]);
    expect(codesOf(drained)).toEqual(['CLICKHOUSE_NO_ROOM']);
  });
});

describe('space', () => {
  test('for twice what moves at once is free on the fullest replica, the reserve untouched', () => {
    // 1000 GB reserve of 10 TB; 14 GB beyond it hold one partition of 5 and its staging, or two one after the other.
    const facts = cluster([shard('ch-1', days(10, 5 * GB)), shard('ch-2', [], { freeBytes: 1_014 * GB })]);
    expect(movesOf(facts, { window: 1 })).toHaveLength(1);
    const roomier = cluster([shard('ch-1', days(10, 5 * GB)), shard('ch-2', [], { freeBytes: 1_015 * GB })]);
    expect(movesOf(roomier, { window: 1 })).toHaveLength(2);
  });

  test('of the fullest replica counts', () => {
    const full = shard('ch-2', []);
    const [one, two] = full.replicas;
    if (!one?.disks || !two) throw new Error('two replicas');
    const tight = { ...one, disks: one.disks.map((disk) => ({ ...disk, freeBytes: 1_000 * GB })) };
    const facts = cluster([shard('ch-1', days(10, GB), { weight: 0 }), { ...full, replicas: [two, tight] }]);
    expect(codesOf(facts)).toEqual(['CLICKHOUSE_NO_ROOM']);
  });

  test('that is too little for the share makes the others keep more, and the plan says which', () => {
    const facts = cluster([
      shard('ch-1', days(60, GB)),
      shard('ch-2', days(0, GB)),
      shard('ch-3', [], { freeBytes: 1_008 * GB }),
    ]);
    const plan = planOf(planRebalance(facts, policy));
    const third = plan.shares.find(({ shard: name }) => name === 'ch-3');
    expect(third?.freeLeastBytes).toBeGreaterThanOrEqual(0);
    expect(third?.targetBytes).toBe(8 * GB);
    expect(plan.shares.find(({ shard: name }) => name === 'ch-1')?.targetBytes).toBe(26 * GB);
  });
});

describe('limits', () => {
  const facts = cluster([shard('ch-1', days(20, 5 * GB)), shard('ch-2', []), shard('ch-3', days(4, 5 * GB))]);

  test('on moves cut the plan after the best of them, and what is cut is named', () => {
    const plan = planOf(planRebalance(facts, { ...policy, maxMoves: 3 }));
    expect(plan.moves).toHaveLength(3);
    expect(plan.moves.every(({ from, to }) => from === 'ch-1' && to === 'ch-2')).toBe(true);
    expect(plan.left.find(({ reason }) => reason === 'over-limit')?.why).toMatch(
      /^\d+ partitions would go in a next plan/,
    );
    expect(plan.balanced).toBe(false);
  });

  test('on bytes are kept', () => {
    expect(planOf(planRebalance(facts, { ...policy, maxBytes: 17 * GB })).movedBytes).toBe(15 * GB);
  });

  test('the estimate is that of a window of moves at a rate, each with its fixed cost', () => {
    const plan = planOf(planRebalance(cluster([shard('ch-1', days(4, GB)), shard('ch-2', [])]), policy));
    // 1 GB at 100 MB/s and 5 s around it, two at once.
    expect(plan.moves.map(({ startsAfterMs, takesMs }) => [startsAfterMs, takesMs])).toEqual([
      [0, 15_000],
      [0, 15_000],
    ]);
    expect(plan.durationMs).toBe(15_000);
  });
});

describe('heat', () => {
  test('decides between partitions of equal size: reads are spread too', () => {
    const full = [900, 800, 10, 10].map((heat, at) => partition(`p${at}`, 10 * GB, { heat }));
    const plan = planOf(planRebalance(cluster([shard('ch-1', full), shard('ch-2', [])]), policy));
    expect(plan.movedBytes).toBe(20 * GB);
    const [one, two] = plan.shares;
    expect(Math.abs((one?.heatAfter ?? 0) - (two?.heatAfter ?? 0))).toBe(100);
  });

  test('never costs a byte', () => {
    const sizes = [10, 10, 10.1, 10.2];
    const full = sizes.map((size, at) => partition(`p${at}`, size * GB, { heat: at * 100 }));
    const cool = full.map(({ id, bytes }) => partition(id, bytes));
    const bytes = [full, cool].map(
      (list) => planOf(planRebalance(cluster([shard('a', list), shard('b', [])]), policy)).movedBytes,
    );
    expect(bytes[0]).toBeLessThanOrEqual(bytes[1] ?? 0);
  });
});

describe('where nothing sensible can be planned', () => {
  const shards = [shard('ch-1', days(4, GB)), shard('ch-2', [])];

  test('a table sharded by a key is refused, and the way out is named', () => {
    const facts = cluster(shards, { sharding: { kind: 'key', expression: 'cityHash64(customer_id)' } });
    const planning = planRebalance(facts, policy);
    expect(planning).toEqual({
      ok: false,
      findings: [
        {
          code: 'CLICKHOUSE_KEY_SHARDED',
          message:
            'metrics.raw is sharded by cityHash64(customer_id): its rows belong to the shard that their key says',
          place: 'metrics.raw',
        },
      ],
    });
  });

  test.each<[string, RebalanceFacts, string[]]>([
    [
      'an engine that nobody knows',
      cluster(shards, { engine: 'Log', family: 'unknown' }),
      ['CLICKHOUSE_ENGINE_UNSUPPORTED'],
    ],
    ['one shard', cluster(shards.slice(0, 1)), ['CLICKHOUSE_TOO_FEW_SHARDS']],
    ['only weights of 0', cluster(shards.map((one) => ({ ...one, weight: 0 }))), ['CLICKHOUSE_BAD_WEIGHTS']],
    ['a weight below 0', cluster([...shards, shard('ch-3', [], { weight: -1 })]), ['CLICKHOUSE_BAD_WEIGHTS']],
    ['two shards of one name', cluster([...shards, shard('ch-1', [])]), ['CLICKHOUSE_BAD_FACTS']],
    ['a shard without replicas', cluster([...shards, shard('ch-3', [], { replicas: [] })]), ['CLICKHOUSE_BAD_FACTS']],
    [
      'a partition listed twice',
      cluster([...shards, shard('ch-3', [partition('a', 1), partition('a', 1)])]),
      ['CLICKHOUSE_BAD_FACTS'],
    ],
    ['bytes that are no amount', cluster([...shards, shard('ch-3', [partition('a', NaN)])]), ['CLICKHOUSE_BAD_FACTS']],
  ])('%s', (_, facts, codes) => {
    expect(codesOf(facts)).toEqual(codes);
  });

  test('a replica that did not answer is named, with all else that is wrong', () => {
    const silent = { name: 'ch-3-r1', problem: { code: 'INVALID_INPUT' as const, message: 'no answer' } };
    const facts = cluster([...shards, shard('ch-3', [], { replicas: [silent] })], { engine: 'Log', family: 'unknown' });
    expect(codesOf(facts)).toEqual(['CLICKHOUSE_ENGINE_UNSUPPORTED', 'INVALID_INPUT']);
  });

  test('a policy that makes no sense', () => {
    expect(codesOf(cluster(shards), { window: 0, tolerance: 1 })).toEqual(['INVALID_INPUT', 'INVALID_INPUT']);
  });

  test('an imbalance in open partitions says so of the shard that holds them', () => {
    const planning = planRebalance(
      cluster([shard('ch-1', days(4, GB, { open: true })), shard('ch-2', days(1, GB))]),
      policy,
    );
    expect(planning.ok ? [] : planning.findings.map(({ message }) => message)).toEqual([
      `ssd: ch-1 stays 60 % over its share: 4.0 GB of it can't be moved (4 partitions may still take rows: ${dayName(30)} is open on ch-1)`,
    ]);
  });
});
