import type { RebalanceLeft } from '../../../runs/index.ts';
import { sharesByWeight } from './solver/limits.ts';
import type { Trip } from './trip.ts';
import type { TierProblem } from './solver/assignment.ts';
import type { RebalanceFacts, RebalancePolicy } from '../facts/types.ts';
import type { Units } from './units.ts';
import { counted, flagWords, timeInWords } from '../facts/words.ts';

const shownExamples = 3;

type Reason = RebalanceLeft['reason'];
type Group = { reason: Reason; shard: number; tier: number; units: number[]; bytes: number; count: number };

/** Every partition that stays, by the reason that keeps it. */
export function leftoversOf(
  facts: RebalanceFacts,
  policy: RebalancePolicy,
  units: Units,
  problems: readonly TierProblem[],
  kept: readonly Trip[],
  cut: readonly Trip[],
): RebalanceLeft[] {
  const going = new Set(kept.map(({ unit }) => unit));
  const later = new Set(cut.map(({ unit }) => unit));
  const groups = new Map<string, Group>();
  const after = {
    loads: loadsAfter(units, problems, kept),
    spaces: spacesAfter(units, problems, kept),
    high: problems.map(({ scale }) => sharesByWeight(scale, policy.tolerance, policy.ignoreBytes).high),
  };
  // From the last: within a shard the largest come first, and are the examples.
  for (let unit = units.refs.length - 1; unit >= 0; unit -= 1) {
    if (going.has(unit)) continue;
    const shard = units.home[unit] ?? 0;
    const tier = units.tier[unit] ?? 0;
    const reason = later.has(unit) ? 'over-limit' : reasonOf(units, problems, after, unit, policy.stagingFactor);
    const key = `${reason}/${shard}/${tier}`;
    const group = groups.get(key) ?? { reason, shard, tier, units: [], bytes: 0, count: 0 };
    groups.set(key, group);
    group.bytes += units.bytes[unit] ?? 0;
    group.count += 1;
    // Flags differ from one to the next and are all named; of the rest a few are enough.
    if (reason === 'flagged' || group.units.length < shownExamples) group.units.push(unit);
  }
  return [...groups.values()]
    .sort((a, b) => a.shard - b.shard || a.tier - b.tier || (a.reason < b.reason ? -1 : 1))
    .map((group) => ({
      reason: group.reason,
      shard: units.shards[group.shard]?.name ?? '',
      tier: units.tiers[group.tier] ?? '',
      partitions: group.count,
      bytes: group.bytes,
      examples: group.units.slice(0, shownExamples).map((unit) => units.refs[unit]?.id ?? ''),
      why: wordsOf(facts, policy, units, group),
    }));
}

function loadsAfter(units: Units, problems: readonly TierProblem[], kept: readonly Trip[]): Float64Array[] {
  const loads = problems.map(({ scale }) => Float64Array.from(scale.load));
  for (const { unit, to } of kept) {
    const load = loads[units.tier[unit] ?? 0];
    if (!load) continue;
    load[units.home[unit] ?? 0]! -= units.bytes[unit] ?? 0;
    load[to]! += units.bytes[unit] ?? 0;
  }
  return loads;
}

/** What each shard still has free, per tier, when the plan has ended. */
function spacesAfter(units: Units, problems: readonly TierProblem[], kept: readonly Trip[]): Float64Array[] {
  const spaces = problems.map(({ space }) => Float64Array.from(space));
  for (const { unit, to } of kept) {
    const space = spaces[units.tier[unit] ?? 0];
    if (space) space[to]! -= units.bytes[unit] ?? 0;
  }
  return spaces;
}

/** How the plan leaves each tier, and the upper limits of the shares by weight. */
type After = { loads: readonly Float64Array[]; spaces: readonly Float64Array[]; high: readonly Float64Array[] };

function reasonOf(units: Units, problems: readonly TierProblem[], after: After, unit: number, factor: number): Reason {
  const bound = units.bound[unit] ?? 'free';
  if (bound !== 'free') return bound;
  const tier = units.tier[unit] ?? 0;
  const shard = units.home[unit] ?? 0;
  const problem = problems[tier];
  const load = after.loads[tier]?.[shard] ?? 0;
  if (!problem || load <= (after.high[tier]?.[shard] ?? 0)) return 'not-needed';
  const others = problem.accepts.flatMap((accepts, other) => (accepts && other !== shard ? [other] : []));
  if (!others.length) return 'shard-takes-none';
  const need = (units.bytes[unit] ?? 0) * factor;
  return others.some((other) => (after.spaces[tier]?.[other] ?? 0) >= need) ? 'not-worth-it' : 'no-room';
}

function wordsOf(facts: RebalanceFacts, policy: RebalancePolicy, units: Units, group: Group): string {
  const what = counted(group.count, 'partition');
  const [first = 0] = group.units;
  const id = units.refs[first]?.id ?? '';
  const tier = units.tiers[group.tier] ?? '';
  switch (group.reason) {
    case 'open':
      return `${what} may still take rows: ${openWords(facts, policy, units, id)}`;
    case 'flagged': {
      const flags = new Set(group.units.flatMap((unit) => units.refs[unit]?.flags ?? []));
      const words = [...flags].sort().map((flag) => flagWords[flag]);
      return `${what} must not be touched: ${words.join('; ')}`;
    }
    case 'would-merge':
      return `${what} would meet rows of the same partition on every other shard, and ${facts.table.engine} drops rows of equal keys when they meet`;
    case 'over-limit':
      return `${what} would go in a next plan: the limit on bytes or moves of this one is reached`;
    case 'shard-takes-none':
      return `${what}: no other shard takes data on ${tier} (weight, or no free space)`;
    case 'no-room':
      return `${what}: no shard that could take one has ${policy.stagingFactor} × its bytes free on ${tier}`;
    case 'not-worth-it':
      return `${what}: moving one would not bring the shards nearer to their shares, or too little for its bytes`;
    case 'not-needed':
      return `${what}: the tolerance is reached without moving more`;
  }
}

function openWords(facts: RebalanceFacts, policy: RebalancePolicy, units: Units, id: string): string {
  const on = units.openOn.get(id) ?? '';
  const there = units.shards.find(({ name }) => name === on)?.partitions.find((partition) => partition.id === id);
  if (there?.open) return `${id} is open on ${on}`;
  if (there?.newestWriteMs === undefined) return `when ${id} was last written on ${on} is not known`;
  const ago = facts.nowMs - there.newestWriteMs;
  if (ago < 0) return `the last write to ${id} on ${on} is in the future: a clock is wrong`;
  return `${id} was written on ${on} ${timeInWords(ago)} ago, closed is after ${timeInWords(policy.closedAfterMs)}`;
}
