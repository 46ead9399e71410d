import { applyMoves } from './apply-moves.ts';
import { afterDepartures } from './departures.ts';
import { bandsOf } from './solver/limits.ts';
import { solve } from './solver/solve.ts';
import type { TierProblem } from './solver/assignment.ts';
import { Assignment } from './solver/assignment.ts';
import type { Taken } from './tier-problem.ts';
import { tierProblem } from './tier-problem.ts';
import type { Trip } from './trip.ts';
import type { RebalanceFacts, RebalancePolicy } from '../facts/types.ts';
import type { Units } from './units.ts';
import { dropsRows, unitsOf } from './units.ts';

export type Settled = { units: Units; problems: readonly TierProblem[]; trips: readonly Trip[] };

/** A round beyond the first is rare; each one brings the shards nearer to their limits, so that they end by themselves. */
const mostRounds = 12;

/**
 * Plans, carries it out on paper, and plans again until nothing is left to do: what a search has missed is found by the
 * planner of tomorrow, and approving the same table twice is no fun. A later round's moves start when the earlier ones have
 * ended, because only then the space is there that it counted with, and what was in the way has left.
 *
 * A plan moves a partition once. Where two shards would exchange theirs by way of a third, no order of single moves does: the
 * plan ends before the round that closes the circle, and the next plan sends on what waits on the third.
 */
export function settle(facts: RebalanceFacts, policy: RebalancePolicy): Settled {
  const units = unitsOf(facts, policy);
  const trips = new Map<number, Trip>();
  let problems: readonly TierProblem[] = [];
  let sound: ReadonlyMap<number, Trip> = new Map<number, Trip>();
  let now = units;
  for (let wave = 1; wave <= mostRounds; wave += 1) {
    const assignments: (Assignment | undefined)[] = [];
    const taken = takenBy(now, assignments);
    const tiers = now.tiers.map((_, tier) => tierProblem(now, tier, facts, policy, taken));
    if (wave === 1) problems = tiers;
    // One after the other: a tier may not send a partition where another one has sent its part of it.
    for (const problem of tiers) assignments.push(solve(problem, policy.worth));
    const moved = assignments.flatMap((assignment) => assignment?.moved() ?? []);
    if (!moved.length) break;
    takeIn(units, trips, now, moved, wave);
    sound = afterDepartures(units, problems, trips, policy) ?? sound;
    if (tiers.every((problem, tier) => isSettled(problem, assignments[tier], facts, policy))) break;
    now = unitsOf(applyMoves(facts, paper(units, trips.values())), policy);
  }
  return { units, problems, trips: [...sound.values()] };
}

/** What the tiers solved so far in this round have sent: a partition would be torn over two tiers if its parts met. */
function takenBy(now: Units, assignments: readonly (Assignment | undefined)[]): Taken {
  const sent = new Set<number>();
  let read = 0;
  return (unit, to) => {
    for (; read < assignments.length; read += 1) {
      for (const one of assignments[read]?.moved() ?? [])
        sent.add((now.partition[one.unit] ?? 0) * now.shards.length + one.to);
    }
    return sent.has((now.partition[unit] ?? 0) * now.shards.length + to);
  };
}

function paper({ refs, home, shards }: Units, trips: Iterable<Trip>) {
  return [...trips].map(({ unit, to }) => ({
    partition: refs[unit]?.id ?? '',
    from: shards[home[unit] ?? 0]?.name ?? '',
    to: shards[to]?.name ?? '',
  }));
}

/**
 * Takes a round's moves into the plan. What was sent to a shard in an earlier round, and would now go on, goes to where it
 * ends at once; what would come home stays there.
 */
function takeIn(
  units: Units,
  trips: Map<number, Trip>,
  now: Units,
  moved: readonly { unit: number; to: number }[],
  wave: number,
): void {
  const sent = new Map<number, number[]>();
  for (const { unit, to } of trips.values()) {
    const key = to * units.ids.length + (units.partition[unit] ?? 0);
    sent.set(key, [...(sent.get(key) ?? []), unit]);
  }
  const gone = new Set(trips.keys());
  for (const { unit, to } of moved) {
    const shard = now.home[unit] ?? 0;
    const partition = now.partition[unit] ?? 0;
    const own = units.holder(shard, partition);
    const all = [...(sent.get(shard * units.ids.length + partition) ?? [])];
    if (own !== undefined && !gone.has(own)) all.push(own);
    for (const one of all) {
      if (units.home[one] === to) trips.delete(one);
      else trips.set(one, { unit: one, to, wave });
    }
  }
}

/** Whether planning again would find this tier within its limits. Only asked where what can't move stays the same. */
function isSettled(
  problem: TierProblem,
  assignment: Assignment | undefined,
  facts: RebalanceFacts,
  policy: RebalancePolicy,
): boolean {
  if (dropsRows(facts)) return false;
  // A tier without a move may have waited for another one: a partition goes where the other tier's part of it has left.
  const { load, incoming } = assignment ?? new Assignment(problem);
  const arrived = incoming.map((set) => [...set].reduce((sum, unit) => sum + (problem.bytes[unit] ?? 0), 0));
  const cap = load.map((bytes, shard) => bytes + Math.max(0, (problem.space[shard] ?? 0) - (arrived[shard] ?? 0)));
  const bands = bandsOf({ ...problem.scale, load, cap }, policy.tolerance, policy.ignoreBytes);
  return load.every((bytes, shard) => bytes >= (bands.low[shard] ?? 0) && bytes <= (bands.high[shard] ?? 0));
}
