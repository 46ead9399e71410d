import type { RebalanceFacts } from '../../../../src/planning/clickhouse/index.ts';
import { policy } from '../facts.ts';

export type Goal = {
  shard: string;
  tier: string;
  load: number;
  low: number;
  high: number;
  /** Of the partitions that may leave. */
  movable: { id: string; bytes: number }[];
  /** Beside which nothing may be put. */
  flagged: ReadonlySet<string>;
};

/**
 * The goals of a cluster, worked out again and without the planner: share by weight ± tolerance, for each tier. Nothing if
 * some shard can't come down to its share, because the goal is then a matter of opinion.
 */
export function goalsOf({ shards, nowMs }: RebalanceFacts): Goal[][] | undefined {
  const open = new Set(
    shards.flatMap(({ partitions }) =>
      partitions
        .filter((one) => one.open || nowMs - (one.newestWriteMs ?? nowMs) < policy.closedAfterMs)
        .map(({ id }) => id),
    ),
  );
  const tiers = new Set(shards.flatMap(({ partitions }) => partitions.map(({ tier }) => tier)));
  const weights = shards.reduce((sum, { weight }) => sum + weight, 0);
  const goals = [...tiers].sort().map((tier) => {
    const total = shards
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, one) => sum + (one.tier === tier ? one.bytes : 0), 0);
    return shards.map(({ name, weight, partitions }): Goal => {
      const here = partitions.filter((one) => one.tier === tier);
      const share = (total * weight) / weights;
      return {
        shard: name,
        tier,
        load: here.reduce((sum, { bytes }) => sum + bytes, 0),
        low: share * (1 - policy.tolerance),
        high: share * (1 + policy.tolerance),
        flagged: new Set(partitions.filter(({ flags }) => flags.length).map(({ id }) => id)),
        movable: here.filter(({ id, flags }) => !open.has(id) && !flags.length),
      };
    });
  });
  const reachable = goals
    .flat()
    .every(({ load, movable, high }) => load - sumOf(movable) <= high / (1 + policy.tolerance));
  return reachable ? goals : undefined;
}

export function sumOf(list: readonly { bytes: number }[]): number {
  return list.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** How far all shards of a tier are outside their limits. */
export function outsideOf(goals: readonly Goal[], loads: ReadonlyMap<string, number>): number {
  return goals.reduce((sum, { shard, low, high }) => {
    const load = loads.get(shard) ?? 0;
    return sum + Math.max(0, load - high, low - load);
  }, 0);
}
