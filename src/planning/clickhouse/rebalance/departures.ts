import { peakOf } from './shares.ts';
import type { TierProblem } from './solver/assignment.ts';
import type { RebalancePolicy } from '../facts/types.ts';
import type { Trip } from './trip.ts';
import type { Units } from './units.ts';

/** The unit that lies where a trip goes and must have left before it comes: the rows of the two must not meet. */
export function inTheWayOf(units: Units, { unit, to }: Pick<Trip, 'unit' | 'to'>): number | undefined {
  const there = units.holder(to, units.partition[unit] ?? 0);
  return there !== undefined && units.repels(unit, there) ? there : undefined;
}

/**
 * The trips, each in a wave after that of the unit that makes room for it. A unit that was sent in one round and sent on in
 * a later one leaves its home with the later one: what took its place in between has to wait for that. Undefined where no
 * order will do: the trips wait for each other in a circle, or a later wave would fill a disk into its reserve.
 */
export function afterDepartures(
  units: Units,
  problems: readonly TierProblem[],
  trips: ReadonlyMap<number, Trip>,
  policy: Pick<RebalancePolicy, 'window' | 'stagingFactor'>,
): ReadonlyMap<number, Trip> | undefined {
  const waves = new Map([...trips].map(([unit, { wave }]) => [unit, wave]));
  let late = [...trips.values()].filter((trip) => mustWait(units, trip, waves));
  if (late.length === 0) return new Map(trips);
  // Each turn settles one more link of every chain of trips of a partition; it has no more links than there are shards.
  for (let turn = 0; late.length > 0; turn += 1) {
    if (turn > units.shards.length) return undefined;
    for (const trip of late) waves.set(trip.unit, (waves.get(inTheWayOf(units, trip) ?? -1) ?? 0) + 1);
    late = [...trips.values()].filter((trip) => mustWait(units, trip, waves));
  }
  const ordered = new Map([...trips].map(([unit, trip]) => [unit, { ...trip, wave: waves.get(unit) ?? trip.wave }]));
  return fits(units, problems, ordered, policy) ? ordered : undefined;
}

function mustWait(units: Units, trip: Trip, waves: ReadonlyMap<number, number>): boolean {
  const first = inTheWayOf(units, trip);
  return first !== undefined && (waves.get(first) ?? Infinity) >= (waves.get(trip.unit) ?? 0);
}

function fits(
  units: Units,
  problems: readonly TierProblem[],
  trips: ReadonlyMap<number, Trip>,
  policy: Pick<RebalancePolicy, 'window' | 'stagingFactor'>,
): boolean {
  return problems.every(({ space }, tier) =>
    space.every((free, shard) => {
      const into = [...trips.values()].filter(({ unit, to }) => to === shard && units.tier[unit] === tier);
      const sizes = into.map(({ unit, wave }) => ({ wave, bytes: units.bytes[unit] ?? 0 }));
      return into.length === 0 || peakOf(sizes, policy) <= free;
    }),
  );
}
