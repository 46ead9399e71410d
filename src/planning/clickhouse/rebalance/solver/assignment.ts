import type { Bands, Scale } from './limits.ts';
import { outside } from './limits.ts';

/** One tier as numbers: who has what, who may get what. Shards and units are indices. */
export type TierProblem = {
  tier: string;
  scale: Scale;
  bands: Bands;
  /** Free for this table on the fullest replica of each shard, the reserve taken off. */
  space: Float64Array;
  /** Whether a shard takes anything at all of this tier. */
  accepts: readonly boolean[];
  /** By unit, of all tiers. */
  bytes: Float64Array;
  heat: Float64Array;
  home: Int32Array;
  partition: Int32Array;
  /** The units of this tier that may move, by shard, small to large. */
  movable: readonly Int32Array[];
  heatLoad: Float64Array;
  /** Whether the destination already has something that this unit must not be put beside. */
  clashes: (unit: number, to: number) => boolean;
  /** Whether the destination has rows of the partition, so that going back would be a move. */
  mixes: (unit: number, to: number) => boolean;
  /** Two shards' rows of one partition must not meet: they are not sent to the same shard either. */
  exclusive: boolean;
  window: number;
  stagingFactor: number;
};

/** Emptying a shard comes before the balance of the others: its bytes count as many times. */
const drainRank = 4;

/**
 * Where every unit is, in the middle of the search, and what follows from it. `place` is the only way to change it.
 */
export class Assignment {
  readonly problem: TierProblem;
  readonly load: Float64Array;
  readonly heatLoad: Float64Array;
  /** What came to each shard. */
  readonly incoming: readonly Set<number>[];
  movedBytes = 0;
  private readonly places = new Map<number, number>();
  private readonly arrivedBytes: Float64Array;
  private readonly arrivals = new Map<number, number>();
  private readonly largest: number;

  constructor(problem: TierProblem) {
    this.problem = problem;
    this.load = Float64Array.from(problem.scale.load);
    this.heatLoad = Float64Array.from(problem.heatLoad);
    this.incoming = Array.from(this.load, () => new Set<number>());
    this.arrivedBytes = new Float64Array(this.load.length);
    this.largest = problem.movable.reduce((most, list) => Math.max(most, problem.bytes[list.at(-1) ?? -1] ?? 0), 0);
  }

  at(unit: number): number {
    return this.places.get(unit) ?? this.home(unit);
  }

  home(unit: number): number {
    return this.problem.home[unit] ?? 0;
  }

  size(unit: number): number {
    return this.problem.bytes[unit] ?? 0;
  }

  /** What has moved, in the order of the units. */
  moved(): { unit: number; to: number }[] {
    return [...this.places].map(([unit, to]) => ({ unit, to })).sort((a, b) => a.unit - b.unit);
  }

  /** Whether `unit` may be on shard `to` as things are, limits of balance aside. */
  permits(unit: number, to: number): boolean {
    if (this.at(unit) === to || this.home(unit) === to) return true;
    if (!this.problem.accepts[to] || this.problem.clashes(unit, to)) return false;
    if (this.problem.exclusive && (this.arrivals.get(this.key(unit, to)) ?? 0) > 0) return false;
    return this.fits(unit, to);
  }

  /** Puts `unit` on shard `to`, its home or another. */
  place(unit: number, to: number): void {
    const from = this.at(unit);
    if (from === to) return;
    const bytes = this.size(unit);
    const heat = this.problem.heat[unit] ?? 0;
    const home = this.home(unit);
    this.load[from]! -= bytes;
    this.load[to]! += bytes;
    this.heatLoad[from]! -= heat;
    this.heatLoad[to]! += heat;
    if (from !== home) this.arrive(unit, from, -1);
    if (to === home) this.places.delete(unit);
    else {
      this.places.set(unit, to);
      this.arrive(unit, to, 1);
    }
    if (from === home) this.movedBytes += bytes;
    else if (to === home) this.movedBytes -= bytes;
  }

  /** How far all shards are outside their limits, in bytes. */
  violation(): number {
    return this.load.reduce((sum, bytes, shard) => sum + this.outsideAt(shard, bytes), 0);
  }

  outsideAt(shard: number, load: number): number {
    const rank = this.problem.scale.weight[shard] ? 1 : drainRank;
    return rank * outside(this.problem.bands, shard, load);
  }

  /** How much nearer to the limits all get when `bytes` go from one shard to another; negative if they get further. */
  gain(from: number, to: number, bytes: number): number {
    const [a, b] = [this.load[from] ?? 0, this.load[to] ?? 0];
    return (
      this.outsideAt(from, a) + this.outsideAt(to, b) - this.outsideAt(from, a - bytes) - this.outsideAt(to, b + bytes)
    );
  }

  /** The most that may be in use on a shard at any moment, whichever of its moves are the slowest. */
  peak(shard: number): number {
    return (this.arrivedBytes[shard] ?? 0) + this.staging(shard);
  }

  private key(unit: number, to: number): number {
    // Units are fewer than partitions times shards: no two keys meet.
    return (this.problem.partition[unit] ?? 0) * this.load.length + to;
  }

  private arrive(unit: number, shard: number, sign: 1 | -1): void {
    this.arrivedBytes[shard]! += sign * this.size(unit);
    if (sign > 0) this.incoming[shard]?.add(unit);
    else this.incoming[shard]?.delete(unit);
    if (!this.problem.exclusive) return;
    const key = this.key(unit, shard);
    this.arrivals.set(key, (this.arrivals.get(key) ?? 0) + sign);
  }

  /**
   * All that came and comes, and the staging of the largest ones at once: a slow or parked move may keep its staging until
   * the last one, so that the order of the moves is of no help. What a source has given away is retained, never counted as
   * free.
   */
  private fits(unit: number, to: number): boolean {
    const { space, window, stagingFactor } = this.problem;
    const left = (space[to] ?? 0) - (this.arrivedBytes[to] ?? 0) - this.size(unit);
    if (left < 0) return false;
    if (left >= (stagingFactor - 1) * window * this.largest) return true;
    return left >= this.staging(to, this.size(unit));
  }

  private staging(shard: number, more?: number): number {
    const { window, stagingFactor } = this.problem;
    const sizes = Array.from(this.incoming[shard] ?? [], (unit) => this.size(unit));
    if (more !== undefined) sizes.push(more);
    const top = sizes.sort((a, b) => b - a).slice(0, window);
    return (stagingFactor - 1) * top.reduce((sum, bytes) => sum + bytes, 0);
  }
}
