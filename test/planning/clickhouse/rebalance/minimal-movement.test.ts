import { describe, expect, test } from 'vitest';
import { planRebalance } from '../../../../src/planning/clickhouse/index.ts';
import type { RebalanceFacts, RebalancePolicy } from '../../../../src/planning/clickhouse/index.ts';
import { cluster, GB, partition, policy, say, shard } from '../facts.ts';
import type { Goal } from './goals.ts';
import { goalsOf, outsideOf } from './goals.ts';
import { greedy } from './greedy.ts';
import { lowerBound } from './lower-bound.ts';
import { dice, randomCluster } from './random-cluster.ts';

const clusters = 1_000;

type Compared = { facts: RebalanceFacts; goals: Goal[][] };

/** The first 1,000 random clusters that are out of balance and whose shares can be reached. */
function drawn(): Compared[] {
  const found: Compared[] = [];
  for (let seed = 1; found.length < clusters; seed += 1) {
    const facts = randomCluster(seed);
    const goals = goalsOf(facts);
    if (goals?.some((tier) => lowerBound(tier) > 0)) found.push({ facts, goals });
  }
  return found;
}

/** How far a plan leaves the shards outside their limits, by goals that the planner did not work out. */
function outsideAfter(
  facts: RebalanceFacts,
  goals: readonly Goal[],
  change: Partial<RebalancePolicy> = {},
): { bytes: number; outside: number } {
  const planning = planRebalance(facts, { ...policy, ...change });
  const moves = (planning.ok ? planning.plan.moves : []).filter(({ tier }) => tier === goals[0]?.tier);
  const loads = new Map(goals.map(({ shard: name, load }) => [name, load]));
  for (const { from, to, bytes } of moves) {
    loads.set(from, (loads.get(from) ?? 0) - bytes);
    loads.set(to, (loads.get(to) ?? 0) + bytes);
  }
  return { bytes: moves.reduce((sum, { bytes }) => sum + bytes, 0), outside: outsideOf(goals, loads) };
}

describe('on 1,000 random clusters', () => {
  const all = drawn().map(({ facts, goals }) => {
    const tiers = goals.map((tier) => outsideAfter(facts, tier));
    return {
      facts,
      goals,
      bytes: tiers.reduce((sum, { bytes }) => sum + bytes, 0),
      outside: tiers.reduce((sum, { outside }) => sum + outside, 0),
      bound: goals.reduce((sum, tier) => sum + lowerBound(tier), 0),
      greedy: (['limits', 'shares'] as const).map((upTo) => {
        const plans = goals.map((tier) => greedy(tier, upTo));
        return {
          bytes: plans.reduce((sum, { bytes }) => sum + bytes, 0),
          outside: plans.reduce((sum, { outside }) => sum + outside, 0),
        };
      }),
    };
  });
  const reached = all.filter(({ outside }) => outside < 1);
  const part = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;

  test('the tolerance is reached wherever greedy reaches it, and nearly everywhere', () => {
    say(`tolerance reached on ${reached.length} of ${all.length} clusters`);
    for (const { outside, greedy: others } of all) {
      for (const other of others) if (other.outside < 1) expect(outside).toBeLessThan(1);
    }
    expect(reached.length).toBeGreaterThan(clusters * 0.95);
  });

  test('where it is not reached, nobody comes nearer the plain way, with every move that gains anything', () => {
    for (const { facts, goals, greedy: others } of all.filter(({ outside }) => outside >= 1)) {
      const outside = goals
        .map((tier) => outsideAfter(facts, tier, { worth: 0 }).outside)
        .reduce((sum, one) => sum + one);
      for (const other of others) expect(outside).toBeLessThanOrEqual(other.outside);
    }
  });

  test('never more bytes are moved than greedy moves, and strictly fewer on 30 % at least', () => {
    for (const [at, name] of (
      ['largest first, up to the limits', 'largest first, up to the shares'] as const
    ).entries()) {
      const rivals = reached.flatMap(({ bytes, greedy: others }) => {
        const rival = others[at];
        return rival && rival.outside < 1 ? [{ bytes, rival: rival.bytes }] : [];
      });
      const fewer = rivals.filter(({ bytes, rival }) => bytes < rival);
      const saved = rivals.map(({ bytes, rival }) => 1 - bytes / rival).sort((a, b) => a - b);
      const median = 100 * (saved[saved.length >> 1] ?? 0);
      say(
        `against greedy (${name}) on ${rivals.length} clusters: fewer bytes on ${part(fewer.length, rivals.length)}, more on ${rivals.filter(({ bytes, rival }) => bytes > rival).length}; median saving ${median.toFixed(1)} %`,
      );
      for (const { bytes, rival } of rivals) expect(bytes).toBeLessThanOrEqual(rival);
      expect(fewer.length).toBeGreaterThanOrEqual(0.3 * clusters);
    }
  });

  test('no more than 1.1 times the lower bound is moved', () => {
    const ratios = reached.map(({ bytes, bound }) => bytes / bound).sort((a, b) => a - b);
    const at = (share: number) => (ratios[Math.floor((ratios.length - 1) * share)] ?? 0).toFixed(4);
    say(`bytes / lower bound: median ${at(0.5)}, 95th percentile ${at(0.95)}, worst ${at(1)}`);
    expect(ratios.at(0)).toBeGreaterThan(0.9999);
    expect(ratios.at(-1)).toBeLessThanOrEqual(1.1);
  });
});

describe('on 300 small clusters of few and large partitions', () => {
  const all = Array.from({ length: 300 }, (_, seed) => {
    const goals = goalsOf(smallCluster(seed))?.[0] ?? [];
    return { ...outsideAfter(smallCluster(seed), goals), best: exhaustive(goals) };
  });

  test('what can be reached at all is reached with the fewest bytes that do, found by trying every placement', () => {
    const reachable = all.filter(({ best }) => best !== undefined && best > 0);
    const exact = reachable.filter(({ bytes, best = 0 }) => bytes <= best);
    say(`${exact.length} of ${reachable.length} small clusters: exactly the fewest bytes`);
    expect(reachable.length).toBeGreaterThan(100);
    for (const { bytes, outside, best = 0 } of reachable) {
      expect(outside).toBeLessThan(1);
      expect(bytes).toBeLessThanOrEqual(1.001 * best);
    }
  });
});

/** Three shards of at most four partitions each. */
function smallCluster(seed: number): RebalanceFacts {
  const roll = dice(seed + 1);
  return cluster(
    [1, 2, 3].map((number) =>
      shard(
        `ch-${number}`,
        Array.from({ length: Math.floor(5 * roll()) }, (_, at) =>
          partition(`p${number}${at}`, Math.ceil(20 * roll()) * GB),
        ),
      ),
    ),
  );
}

/** The fewest bytes that bring all within their limits, or nothing if no placement does. */
function exhaustive(goals: readonly Goal[]): number | undefined {
  const lots = goals.flatMap(({ movable }, home) => movable.map(({ bytes }) => ({ bytes, home })));
  const loads = goals.map(({ load }) => load);
  let best: number | undefined;
  const place = (at: number, cost: number): void => {
    if (best !== undefined && cost >= best) return;
    const lot = lots[at];
    if (!lot) {
      if (goals.every(({ low, high }, shard_) => (loads[shard_] ?? 0) >= low && (loads[shard_] ?? 0) <= high))
        best = cost;
      return;
    }
    for (let to = 0; to < goals.length; to += 1) {
      loads[lot.home]! -= lot.bytes;
      loads[to]! += lot.bytes;
      place(at + 1, to === lot.home ? cost : cost + lot.bytes);
      loads[to]! -= lot.bytes;
      loads[lot.home]! += lot.bytes;
    }
  };
  place(0, 0);
  return best;
}
