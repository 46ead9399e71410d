import type { Scale } from './solver/limits.ts';
import { bandsOf } from './solver/limits.ts';
import type { TierProblem } from './solver/assignment.ts';
import type { RebalanceFacts, RebalancePolicy, ShardFacts } from '../facts/types.ts';
import { dropsRows } from './units.ts';
import type { Units } from './units.ts';

/** Whether a unit must not go to a shard though nothing there is in its way, as where another tier has sent its part of it. */
export type Taken = (unit: number, to: number) => boolean;

/** One tier of the cluster as a problem to solve. */
export function tierProblem(
  units: Units,
  tier: number,
  facts: Pick<RebalanceFacts, 'table'>,
  policy: RebalancePolicy,
  taken: Taken = () => false,
): TierProblem {
  const { shards } = units;
  const name = units.tiers[tier] ?? '';
  const exclusive = dropsRows(facts);
  const load = new Float64Array(shards.length);
  const fixed = new Float64Array(shards.length);
  const heatLoad = new Float64Array(shards.length);
  const movable = shards.map((): number[] => []);
  for (let unit = 0; unit < units.refs.length; unit += 1) {
    if (units.tier[unit] !== tier) continue;
    const shard = units.home[unit] ?? 0;
    const bytes = units.bytes[unit] ?? 0;
    load[shard]! += bytes;
    heatLoad[shard]! += units.heat[unit] ?? 0;
    if (units.bound[unit] === 'free') movable[shard]?.push(unit);
    else fixed[shard]! += bytes;
  }
  const space = Float64Array.from(shards, (shard) => spaceOf(shard, name, policy));
  const cap = load.map((bytes, shard) => bytes + Math.max(0, space[shard] ?? 0));
  const scale: Scale = { load, fixed, cap, weight: Float64Array.from(shards, ({ weight }) => weight) };
  return {
    tier: name,
    scale,
    bands: bandsOf(scale, policy.tolerance, policy.ignoreBytes),
    space,
    accepts: shards.map(({ weight }, shard) => weight > 0 && (space[shard] ?? 0) > 0),
    bytes: units.bytes,
    heat: units.heat,
    home: units.home,
    partition: units.partition,
    movable: movable.map((list) => Int32Array.from(list)),
    heatLoad,
    clashes: (unit, to) => {
      const there = units.holder(to, units.partition[unit] ?? 0);
      return (there !== undefined && units.repels(unit, there)) || taken(unit, to);
    },
    mixes: (unit, to) => units.holder(to, units.partition[unit] ?? 0) !== undefined,
    exclusive,
    window: policy.window,
    stagingFactor: policy.stagingFactor,
  };
}

/** Free on the fullest replica, less what is to stay free on each disk. Without a disk of this tier there is none. */
export function spaceOf({ replicas }: ShardFacts, tier: string, policy: Pick<RebalancePolicy, 'reserveShare'>): number {
  const free = replicas.map(({ disks = [] }) =>
    disks
      .filter((disk) => disk.tier === tier)
      .reduce(
        (sum, disk) => sum + disk.freeBytes - Math.max(disk.reserveBytes, disk.totalBytes * policy.reserveShare),
        0,
      ),
  );
  return free.length ? Math.min(...free) : 0;
}
