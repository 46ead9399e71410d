import { reselect, sentBetween } from './reselect.ts';
import type { Assignment } from './assignment.ts';

const passes = 6;
/** A pair whose slack is less than this part of what it moves isn't looked at. */
const little = 1e-4;

/**
 * Takes back what isn't needed: for each pair of shards, the lightest selection of partitions that keeps both within their
 * limits, in place of what is sent. The limits are never left for it, so that it only ever lowers the bytes.
 */
export function trim(assignment: Assignment): void {
  const count = assignment.load.length;
  for (let pass = 0; pass < passes; pass += 1) {
    const before = assignment.movedBytes;
    for (let to = 0; to < count; to += 1) {
      for (let from = 0; from < count; from += 1) if (from !== to) lighten(assignment, from, to);
    }
    if (assignment.movedBytes === before) pivot(assignment);
    if (assignment.movedBytes === before) return;
  }
}

/** How much less could go from one to the other. */
function slackOf(assignment: Assignment, from: number, to: number): number {
  return Math.min(upperSlack(assignment, from), lowerSlack(assignment, to));
}

function upperSlack(assignment: Assignment, shard: number): number {
  return (assignment.problem.bands.high[shard] ?? 0) - (assignment.load[shard] ?? 0);
}

function lowerSlack(assignment: Assignment, shard: number): number {
  return (assignment.load[shard] ?? 0) - (assignment.problem.bands.low[shard] ?? 0);
}

/** Sends less from one shard to another, if a lighter selection is enough. Whether it did. */
function lighten(assignment: Assignment, from: number, to: number): boolean {
  const sent = sentBetween(assignment, from, to);
  if (!sent.length) return false;
  const slack = slackOf(assignment, from, to);
  const all = sent.reduce((sum, unit) => sum + assignment.size(unit), 0);
  return slack > all * little && reselect(assignment, from, to, -slack, 0);
}

/**
 * Where one shard gives more than it must to one that has no more than it needs: another's partition goes there instead, so
 * that the first can send less. Kept only if the bytes go down.
 */
function pivot(assignment: Assignment): void {
  const shards = Array.from(assignment.load, (_, shard) => shard);
  for (const from of shards) {
    const spare = upperSlack(assignment, from);
    if (spare <= 0) continue;
    for (const to of shards) {
      if (to === from || lowerSlack(assignment, to) >= spare) continue;
      if (!sentBetween(assignment, from, to).length) continue;
      for (const other of shards) {
        if (other === to || other === from) continue;
        if (redirect(assignment, from, to, other)) return;
      }
    }
  }
}

function redirect(assignment: Assignment, from: number, to: number, other: number): boolean {
  const most = Math.min(lowerSlack(assignment, other), upperSlack(assignment, to));
  const [unit] = [...(assignment.incoming[other] ?? [])]
    .filter((one) => assignment.size(one) <= most && assignment.home(one) !== to && assignment.permits(one, to))
    .sort((a, b) => assignment.size(b) - assignment.size(a) || a - b);
  if (unit === undefined) return false;
  const before = assignment.movedBytes;
  assignment.place(unit, to);
  lighten(assignment, from, to);
  if (assignment.movedBytes < before) return true;
  assignment.place(unit, other);
  return false;
}
