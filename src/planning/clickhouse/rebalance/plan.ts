import type { RebalanceLeft, RebalanceMove, RebalancePlan, RebalanceShare } from '../../../runs/index.ts';
import { rebalanceFindings } from '../facts/findings.ts';
import { leftoversOf } from './leftovers.ts';
import { orderMoves } from './order-moves.ts';
import type { Settled } from './rounds.ts';
import { settle } from './rounds.ts';
import { schedule } from './schedule.ts';
import { sharesOf } from './shares.ts';
import type { Trip } from './trip.ts';
import type { Finding, RebalanceFacts, RebalancePolicy } from '../facts/types.ts';
import type { Units } from './units.ts';
import { bytesInWords, counted, deviationInWords, timeInWords } from '../facts/words.ts';

export type RebalancePlanning = { ok: true; plan: RebalancePlan } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → the partition moves that bring every tier of every shard to its share by weight, with as few bytes as possible,
 * or everything that is in the way. A shard of weight 0 is emptied, an empty one with a weight is filled. Pure: the same
 * facts, in whatever order, always give the same plan. Planning again after it gives no moves, unless a limit cut it short or
 * a partition that it moved has to go on (`settle`).
 */
export function planRebalance(facts: RebalanceFacts, policy: RebalancePolicy): RebalancePlanning {
  const findings = rebalanceFindings(facts, policy);
  if (findings.length) return { ok: false, findings };

  const settled = settle(facts, policy);
  const { units, problems } = settled;
  const { kept, cut } = orderMoves(units, problems, settled.trips, policy);
  const { times, durationMs } = schedule(
    kept.map(({ unit, wave }) => ({ wave, bytes: units.bytes[unit] ?? 0 })),
    policy,
  );
  const moves = kept.map((trip, at) => moveOf(facts, settled, trip, at + 1, times[at]));
  const shares = sharesOf(units.shards, problems, moves, policy);
  const left = leftoversOf(facts, policy, units, problems, kept, cut);
  const balanced = shares.every(({ within }) => within);
  if (!moves.length && !balanced) return { ok: false, findings: stuck(shares, left) };
  const plan = {
    cluster: facts.cluster,
    table: `${facts.table.database}.${facts.table.name}`,
    moves,
    shares,
    left,
    movedBytes: moves.reduce((sum, { bytes }) => sum + bytes, 0),
    movedRows: moves.reduce((sum, { rows }) => sum + rows, 0),
    durationMs,
    balanced,
  };
  return { ok: true, plan: { ...plan, summary: summaryOf(plan) } };
}

function moveOf(
  facts: RebalanceFacts,
  { units, problems }: Settled,
  { unit, to, wave }: Trip,
  order: number,
  time = { startsAfterMs: 0, takesMs: 0 },
): RebalanceMove {
  const partition = units.refs[unit];
  const there = units.holder(to, units.partition[unit] ?? 0);
  const merging = facts.table.family === 'aggregating' || facts.table.family === 'summing';
  return {
    order,
    wave,
    partition: partition?.id ?? '',
    tier: partition?.tier ?? '',
    from: nameOf(units, units.home[unit]),
    to: nameOf(units, to),
    rows: partition?.rows ?? 0,
    bytes: partition?.bytes ?? 0,
    parts: partition?.parts ?? 0,
    ...(partition?.heat === undefined ? {} : { heat: partition.heat }),
    ...time,
    undo: there === undefined ? 'drop' : 'reverse-move',
    mergesWithParts: merging && there !== undefined ? (units.refs[there]?.parts ?? 0) : 0,
    why: whyOf(facts, units, problems, unit, to),
  };
}

function whyOf(facts: RebalanceFacts, units: Units, problems: Settled['problems'], unit: number, to: number): string {
  const problem = problems[units.tier[unit] ?? 0];
  const from = units.home[unit] ?? 0;
  const state = (shard: number) => {
    const { load, weight } = problem?.scale ?? { load: [], weight: [] };
    const share = (sumOf(load) * (weight[shard] ?? 0)) / sumOf(weight);
    return `${nameOf(units, shard)} is ${deviationInWords(load[shard] ?? 0, share)}`;
  };
  const emptied = units.shards[from]?.weight === 0;
  const first = emptied ? `${nameOf(units, from)} is to be empty` : state(from);
  const newest = units.refs[unit]?.newestWriteMs;
  const closed = newest === undefined ? '' : `; not written for ${timeInWords(facts.nowMs - newest)}`;
  const there = units.holder(to, units.partition[unit] ?? 0);
  const back =
    there === undefined
      ? ''
      : `; ${nameOf(units, to)} has ${counted(units.refs[there]?.rows ?? 0, 'row')} of it: going back would be a reverse move`;
  return `${first}, ${state(to)}${closed}${back}`;
}

function sumOf(list: ArrayLike<number>): number {
  let sum = 0;
  // Of every move, twice: a copy for `reduce` would be a tenth of the planning of half a million partitions.
  for (let at = 0; at < list.length; at += 1) sum += list[at] ?? 0;
  return sum;
}

function nameOf({ shards }: Units, shard: number | undefined): string {
  return shards[shard ?? -1]?.name ?? '';
}

/** Out of balance and nothing to do about it: each shard that holds too much, and each reason that keeps it. */
function stuck(shares: readonly RebalanceShare[], left: readonly RebalanceLeft[]): Finding[] {
  const beyond = shares.filter(({ within }) => !within);
  const over = beyond.filter(({ afterBytes, highBytes }) => afterBytes > highBytes);
  // Those that lack data lack it because of others, of whom one is over its limit nearly always.
  return (over.length ? over : beyond).map(({ shard, tier, why }): Finding => {
    const here = left.filter((one) => one.tier === tier && one.reason !== 'not-needed' && one.shard === shard);
    const reasons = here.map((one) => one.why).join('; ');
    const room = here.some(({ reason }) => reason === 'no-room' || reason === 'shard-takes-none');
    return {
      code: room ? 'CLICKHOUSE_NO_ROOM' : 'CLICKHOUSE_NOTHING_MOVABLE',
      message: `${tier}: ${why ?? shard}${reasons ? ` (${reasons})` : ''}`,
      place: shard,
    };
  });
}

function summaryOf(plan: Omit<RebalancePlan, 'summary'>): string[] {
  const { moves, movedBytes, durationMs, shares, balanced } = plan;
  const outsideNow = shares.filter(
    ({ beforeBytes, lowBytes, highBytes }) => beforeBytes < lowBytes || beforeBytes > highBytes,
  );
  if (!moves.length) return ['every shard is within its limits: nothing is moved'];
  return [
    `${counted(moves.length, 'partition')} (${bytesInWords(movedBytes)}) ${moves.length === 1 ? 'moves' : 'move'} in about ${timeInWords(durationMs)}`,
    `${counted(outsideNow.length, 'tier')} of shards outside the limits before, ${shares.filter(({ within }) => !within).length} after`,
    ...(balanced ? [] : shares.flatMap(({ tier, why }) => (why ? [`${tier}: ${why}`] : []))),
  ];
}
