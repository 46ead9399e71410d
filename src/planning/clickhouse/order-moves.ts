import type { Units } from './units.ts';
import type { Trip } from './rounds.ts';
import type { TierProblem } from './spread.ts';
import { outside } from './bands.ts';
import type { RebalancePolicy } from './types.ts';

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
  const cut: Trip[] = [];
  let left = policy.maxBytes;
  for (const queue of wavesOf(units, trips)) {
    for (;;) {
      const best = bestOf(queue, (trip) => gainOf(units, problems, loads, trip));
      if (!best) break;
      const { trip, gain } = best;
      const bytes = units.bytes[trip.unit] ?? 0;
      // Cut short, a plan may hold moves that were of use only together with others.
      if (limited && (gain <= 0 || bytes > left || kept.length >= policy.maxMoves)) {
        cut.push(trip);
        continue;
      }
      kept.push(trip);
      left -= bytes;
      const load = loads[units.tier[trip.unit] ?? 0];
      if (!load) continue;
      load[units.home[trip.unit] ?? 0]! -= bytes;
      load[trip.to]! += bytes;
    }
  }
  return { kept, cut };
}

/** For each wave, the trips of each pair of shards and tier, the largest last. */
function wavesOf(units: Units, trips: readonly Trip[]): Trip[][][] {
  const waves = new Map<number, Map<string, Trip[]>>();
  // Small to large within a shard is the order of the units.
  for (const trip of [...trips].sort((a, b) => a.wave - b.wave || a.unit - b.unit)) {
    const pairs = waves.get(trip.wave) ?? new Map<string, Trip[]>();
    waves.set(trip.wave, pairs);
    const pair = `${units.home[trip.unit]}>${trip.to}@${units.tier[trip.unit]}`;
    const list = pairs.get(pair);
    if (list) list.push(trip);
    else pairs.set(pair, [trip]);
  }
  return [...waves.values()].map((pairs) => [...pairs.values()]);
}

function bestOf(queue: Trip[][], gainOf: (trip: Trip) => number): { trip: Trip; gain: number } | undefined {
  let best: { list: Trip[]; trip: Trip; gain: number } | undefined;
  for (const list of queue) {
    const trip = list.at(-1);
    if (!trip) continue;
    const gain = gainOf(trip);
    if (!best || gain > best.gain || (gain === best.gain && trip.unit < best.trip.unit)) best = { list, trip, gain };
  }
  best?.list.pop();
  return best;
}

/** How much nearer to their limits, both shards together. */
function gainOf(units: Units, problems: readonly TierProblem[], loads: readonly Float64Array[], trip: Trip): number {
  const tier = units.tier[trip.unit] ?? 0;
  const [problem, load] = [problems[tier], loads[tier]];
  if (!problem || !load) return 0;
  const bytes = units.bytes[trip.unit] ?? 0;
  const from = units.home[trip.unit] ?? 0;
  const [a, b] = [load[from] ?? 0, load[trip.to] ?? 0];
  const { bands } = problem;
  const before = outside(bands, from, a) + outside(bands, trip.to, b);
  return before - outside(bands, from, a - bytes) - outside(bands, trip.to, b + bytes);
}
