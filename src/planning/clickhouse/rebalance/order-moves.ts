import { inTheWayOf } from './departures.ts';
import type { Units } from './units.ts';
import type { Trip } from './trip.ts';
import type { TierProblem } from './solver/assignment.ts';
import { outside } from './solver/limits.ts';
import type { RebalancePolicy } from '../facts/types.ts';

export type Ordered = { kept: readonly Trip[]; cut: readonly Trip[] };

/**
 * Wave by wave, what brings most balance first, so that a run that is stopped, or a limit on bytes or moves, leaves the
 * best part done. What a limit cuts off stays for the next plan.
 */
export function orderMoves(
  units: Units,
  problems: readonly TierProblem[],
  trips: readonly Trip[],
  policy: Pick<RebalancePolicy, 'maxBytes' | 'maxMoves'>,
): Ordered {
  const total = trips.reduce((sum, { unit }) => sum + (units.bytes[unit] ?? 0), 0);
  const limited = total > policy.maxBytes || trips.length > policy.maxMoves;
  const loads = problems.map(({ scale }) => Float64Array.from(scale.load));
  const kept: Trip[] = [];
  const staying = new Set<number>();
  const cut: Trip[] = [];
  let left = policy.maxBytes;
  for (const queue of wavesOf(units, trips)) {
    for (const pair of queue) refresh(pair, units, problems, loads);
    for (;;) {
      const pair = bestOf(queue);
      const trip = pair?.trips.pop();
      if (!pair || !trip) break;
      const { gain } = pair;
      const bytes = units.bytes[trip.unit] ?? 0;
      // Cut short, a plan may hold moves that were of use only together with others, or whose place is not left now.
      const blocked = staying.has(inTheWayOf(units, trip) ?? -1);
      if (limited && (blocked || gain <= 0 || bytes > left || kept.length >= policy.maxMoves)) {
        cut.push(trip);
        staying.add(trip.unit);
        refresh(pair, units, problems, loads);
        continue;
      }
      kept.push(trip);
      left -= bytes;
      const load = loads[units.tier[trip.unit] ?? 0];
      if (!load) continue;
      load[units.home[trip.unit] ?? 0]! -= bytes;
      load[trip.to]! += bytes;
      // Only what shares a shard of this tier has another gain now.
      const { from, to, tier } = pair;
      for (const one of queue) {
        if (one.tier !== tier || (one.from !== from && one.to !== from && one.from !== to && one.to !== to)) continue;
        refresh(one, units, problems, loads);
      }
    }
  }
  return { kept, cut };
}

/** What goes from one shard to another, the largest last, what the largest would gain now, and how far outside both are. */
type Pair = { from: number; to: number; tier: number; trips: Trip[]; gain: number; far: number };

function wavesOf(units: Units, trips: readonly Trip[]): Pair[][] {
  const waves = new Map<number, Map<string, Pair>>();
  // Small to large within a shard is the order of the units.
  for (const trip of [...trips].sort((a, b) => a.wave - b.wave || a.unit - b.unit)) {
    const pairs = waves.get(trip.wave) ?? new Map<string, Pair>();
    waves.set(trip.wave, pairs);
    const from = units.home[trip.unit] ?? 0;
    const tier = units.tier[trip.unit] ?? 0;
    const key = `${tier}/${from}/${trip.to}`;
    const pair = pairs.get(key);
    if (pair) pair.trips.push(trip);
    else pairs.set(key, { from, to: trip.to, tier, trips: [trip], gain: 0, far: 0 });
  }
  return [...waves.values()].map((pairs) => [...pairs.values()]);
}

function refresh(pair: Pair, units: Units, problems: readonly TierProblem[], loads: readonly Float64Array[]): void {
  const trip = pair.trips.at(-1);
  const [problem, load] = [problems[pair.tier], loads[pair.tier]];
  if (!trip || !problem || !load) return;
  const { from, to } = pair;
  const { bands } = problem;
  const bytes = units.bytes[trip.unit] ?? 0;
  const [a, b] = [load[from] ?? 0, load[to] ?? 0];
  pair.far = outside(bands, from, a) + outside(bands, to, b);
  pair.gain = pair.far - outside(bands, from, a - bytes) - outside(bands, to, b + bytes);
}

function bestOf(queue: readonly Pair[]): Pair | undefined {
  let best: Pair | undefined;
  for (const pair of queue) if (pair.trips.length && (!best || isBefore(pair, best))) best = pair;
  return best;
}

/** More gain first, then the shards that are furthest outside, then by the order of the units. */
function isBefore(a: Pair, b: Pair): boolean {
  if (a.gain !== b.gain) return a.gain > b.gain;
  return a.far > b.far || (a.far === b.far && (a.trips.at(-1)?.unit ?? 0) < (b.trips.at(-1)?.unit ?? 0));
}
