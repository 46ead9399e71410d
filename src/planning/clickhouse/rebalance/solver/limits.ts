/** What is to be brought into balance: one tier, by shard. Bytes. */
export type Scale = {
  load: Float64Array;
  /** What can't leave. */
  fixed: Float64Array;
  /** What it could hold at most. */
  cap: Float64Array;
  weight: Float64Array;
};

/** Where each shard's load is to be. */
export type Bands = { target: Float64Array; low: Float64Array; high: Float64Array };

/** Halvings of an interval of doubles: more change nothing. */
const halvings = 100;

/**
 * Each shard's share by weight, and the tolerance around it. A shard that can't come down to its share (its partitions are
 * open or flagged) or can't hold it (its disks) keeps what it must, and the others share the rest: a goal that can't be
 * reached would make the plan move data for nothing.
 */
export function bandsOf(scale: Scale, tolerance: number, ignoreBytes: number): Bands {
  const { fixed, cap, weight } = scale;
  const { target: ideal } = sharesByWeight(scale, tolerance, ignoreBytes);
  // Halving an interval never gives exactly this, and a partition may fit exactly.
  const reachable = ideal.every((bytes, shard) => bytes >= (fixed[shard] ?? 0) && bytes <= (cap[shard] ?? 0));
  return around(reachable ? ideal : nearest(scale), weight, tolerance, ignoreBytes);
}

/** The shares by weight alone, whether they can be reached or not. */
export function sharesByWeight({ load, weight }: Scale, tolerance: number, ignoreBytes: number): Bands {
  const weights = sum(weight);
  const total = sum(load);
  const target = weight.map((share) => (total * share) / weights);
  return around(target, weight, tolerance, ignoreBytes);
}

/** What comes nearest to the shares: as much per weight for all who are free to have it. */
function nearest({ load, fixed, cap, weight }: Scale): Float64Array {
  const at = (level: number) =>
    weight.map((share, shard) => Math.min(Math.max(level * share, fixed[shard] ?? 0), cap[shard] ?? 0));
  const total = sum(load);
  const least = weight.reduce((small, share) => (share > 0 ? Math.min(small, share) : small), Infinity);
  return at(solve(0, total / least, (level) => sum(at(level)) >= total));
}

/** In whole bytes, so that nothing hangs on the rounding of a product. */
function around(target: Float64Array, weight: Float64Array, tolerance: number, ignoreBytes: number): Bands {
  const half = target.map((bytes, shard) => (weight[shard] ? Math.max(bytes * tolerance, ignoreBytes) : 0));
  return {
    target,
    low: target.map((bytes, shard) => Math.max(0, Math.floor(bytes - (half[shard] ?? 0)))),
    high: target.map((bytes, shard) => Math.ceil(bytes + (half[shard] ?? 0))),
  };
}

function sum(list: Float64Array): number {
  return list.reduce((all, bytes) => all + bytes, 0);
}

/** How far outside its limits a load is. */
export function outside({ low, high }: Bands, shard: number, load: number): number {
  return Math.max(0, load - (high[shard] ?? 0), (low[shard] ?? 0) - load);
}

export type Flow = {
  /** What each shard is to give, and to get. */
  give: Float64Array;
  take: Float64Array;
  /** The least that must move, if partitions could be cut anywhere. */
  bytes: number;
};

/**
 * The least that has to flow: what is over the upper limits, or what is short of the lower ones, whichever is more. Where
 * those that must give don't give enough, everyone gives down to a common level within the tolerance, and the same for
 * those who take. `more` asks for that much more than the least.
 */
export function flowOf(scale: Scale, bands: Bands, more: number): Flow {
  const { load, fixed } = scale;
  const { target, low, high } = bands;
  // A level from -1, the lower limits, to 1, the upper ones.
  const level = (shard: number, at: number): number => {
    const middle = target[shard] ?? 0;
    return at < 0 ? middle + at * (middle - (low[shard] ?? 0)) : middle + at * ((high[shard] ?? 0) - middle);
  };
  const giveAt = (at: number) =>
    load.map((bytes, shard) => Math.min(bytes - (fixed[shard] ?? 0), Math.max(0, bytes - level(shard, at))));
  const takeAt = (at: number) => load.map((bytes, shard) => Math.max(0, level(shard, at) - bytes));
  const bytes = Math.max(sum(giveAt(1)), sum(takeAt(-1)));
  const wanted = bytes * (1 + more);
  const give = giveAt(-solve(-1, 1, (at) => sum(giveAt(-at)) >= wanted));
  const take = takeAt(solve(-1, 1, (at) => sum(takeAt(at)) >= wanted));
  return { give, take, bytes };
}

/** The least value between the two for which `enough` holds; the upper one if none. */
function solve(from: number, to: number, enough: (value: number) => boolean): number {
  if (enough(from)) return from;
  let [low, high] = [from, to];
  for (let turn = 0; turn < halvings; turn += 1) {
    const middle = (low + high) / 2;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
