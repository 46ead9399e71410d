import { orderBySize } from './order-by-size.ts';
import type { PartitionFacts, RebalanceFacts, RebalancePolicy, ShardFacts } from '../facts/types.ts';

/** Why a partition can't leave its shard, whatever the destination. */
export type Bound = 'free' | 'open' | 'flagged' | 'would-merge';

/**
 * Every partition of every shard, in an order that does not depend on the order of the facts, in typed arrays: half a
 * million objects would be sorted and summed ten times slower.
 */
export type Units = {
  /** By name. */
  shards: readonly ShardFacts[];
  /** By name. */
  tiers: readonly string[];
  /** Ids of the partitions, sorted; `partition` points into it. */
  ids: readonly string[];
  refs: readonly PartitionFacts[];
  bytes: Float64Array;
  heat: Float64Array;
  home: Int32Array;
  partition: Int32Array;
  tier: Int32Array;
  bound: readonly Bound[];
  /** Which unit, if any, is the partition `id` of a shard. */
  holder: (shard: number, partition: number) => number | undefined;
  /** Whether a unit must not be put beside another one of its partition, the second being where it goes. */
  repels: (unit: number, there: number) => boolean;
  /** Ids whose newest write is too young, or unknown, on any shard: the late rows of one come to another just as well. */
  openOn: ReadonlyMap<string, string>;
};

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Facts → units. A partition that is open on one shard is open on all. */
export function unitsOf(facts: RebalanceFacts, policy: RebalancePolicy): Units {
  const shards = [...facts.shards].sort((a, b) => byText(a.name, b.name));
  const tiers = new Set<string>();
  const numbers = new Map<string, number>();
  const openOn = new Map<string, string>();
  for (const { name, replicas, partitions } of shards) {
    for (const replica of replicas) for (const disk of replica.disks ?? []) tiers.add(disk.tier);
    for (const partition of partitions) {
      tiers.add(partition.tier);
      numbers.set(partition.id, 0);
      if (!openOn.has(partition.id) && isOpen(partition, facts.nowMs, policy.closedAfterMs)) {
        openOn.set(partition.id, name);
      }
    }
  }
  const ids = [...numbers.keys()].sort(byText);
  ids.forEach((id, at) => numbers.set(id, at));
  const tierNames = [...tiers].sort(byText);
  const tierNumbers = new Map(tierNames.map((name, at) => [name, at]));

  const count = shards.reduce((sum, { partitions }) => sum + partitions.length, 0);
  const units = {
    refs: new Array<PartitionFacts>(count),
    bytes: new Float64Array(count),
    heat: new Float64Array(count),
    home: new Int32Array(count),
    partition: new Int32Array(count),
    tier: new Int32Array(count),
  };
  const held = heldBy(shards.length * ids.length);
  let next = 0;
  shards.forEach(({ partitions }, shard) => {
    const size = Float64Array.from(partitions, ({ bytes }) => bytes);
    const rank = Float64Array.from(partitions, ({ id }) => numbers.get(id) ?? 0);
    // By bytes, then by id: whatever is chosen "largest first" or "just enough" is then found by halving.
    for (const at of orderBySize(size, rank)) {
      const partition = partitions[at];
      if (!partition) continue;
      const number = rank[at] ?? 0;
      units.refs[next] = partition;
      units.bytes[next] = partition.bytes;
      units.heat[next] = partition.heat ?? 0;
      units.home[next] = shard;
      units.partition[next] = number;
      units.tier[next] = tierNumbers.get(partition.tier) ?? 0;
      held.set(shard * ids.length + number, next);
      next += 1;
    }
  });
  const holder = (shard: number, partition: number) => held.get(shard * ids.length + partition);
  const exclusive = dropsRows(facts);
  const bound = boundOf(units, shards, ids.length, openOn, exclusive);
  return {
    ...units,
    shards,
    tiers: tierNames,
    ids,
    holder,
    openOn,
    bound,
    // What is flagged must not get anything beside it; what is on another tier would be torn over two.
    repels: (unit, there) => exclusive || bound[there] === 'flagged' || units.tier[there] !== units.tier[unit],
  };
}

/** Entries of the table that is kept as a plain array: 64 MB. Beyond it, a map. */
const mostEntries = 2 ** 24;

function heldBy(entries: number): {
  get: (key: number) => number | undefined;
  set: (key: number, unit: number) => void;
} {
  if (entries > mostEntries) {
    const map = new Map<number, number>();
    return { get: (key) => map.get(key), set: (key, unit) => map.set(key, unit) };
  }
  const array = new Int32Array(entries).fill(-1);
  return {
    get: (key) => {
      const unit = array[key] ?? -1;
      return unit < 0 ? undefined : unit;
    },
    set: (key, unit) => {
      array[key] = unit;
    },
  };
}

/** Whether rows of equal keys that meet on one shard become fewer. */
export function dropsRows({ table }: Pick<RebalanceFacts, 'table'>): boolean {
  return table.family === 'replacing' || table.family === 'collapsing';
}

function isOpen({ open, newestWriteMs }: PartitionFacts, nowMs: number, closedAfterMs: number): boolean {
  // A time in the future is a clock that can't be trusted, not a partition at rest.
  return open || newestWriteMs === undefined || nowMs - newestWriteMs < closedAfterMs;
}

function boundOf(
  { refs, home, partition }: Pick<Units, 'refs' | 'home' | 'partition'>,
  shards: readonly ShardFacts[],
  partitions: number,
  openOn: ReadonlyMap<string, string>,
  exclusive: boolean,
): Bound[] {
  const takers = shards.map(({ weight }) => weight > 0);
  const taking = takers.filter(Boolean).length;
  const holders = new Int32Array(partitions);
  refs.forEach((_, unit) => {
    if (takers[home[unit] ?? 0]) holders[partition[unit] ?? 0]! += 1;
  });
  return refs.map(({ id, flags }, unit) => {
    if (openOn.has(id)) return 'open';
    if (flags.length) return 'flagged';
    if (exclusive && (holders[partition[unit] ?? 0] ?? 0) >= taking) return 'would-merge';
    return 'free';
  });
}
