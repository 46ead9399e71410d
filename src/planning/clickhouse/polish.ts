import { reselect, sentBetween } from './reselect.ts';
import type { Spread } from './spread.ts';

const passes = 6;
/** A pair whose slack is less than this part of what it moves isn't looked at. */
const little = 1e-4;

/**
 * Takes back what isn't needed: for each pair of shards, the lightest selection of partitions that keeps both within their
 * limits, in place of what is sent. The limits are never left for it, so that it only ever lowers the bytes.
 */
export function polish(spread: Spread): void {
  const count = spread.load.length;
  for (let pass = 0; pass < passes; pass += 1) {
    const before = spread.movedBytes;
    for (let to = 0; to < count; to += 1) {
      for (let from = 0; from < count; from += 1) if (from !== to) lighten(spread, from, to);
    }
    if (spread.movedBytes === before) pivot(spread);
    if (spread.movedBytes === before) return;
  }
}

/** How much less could go from one to the other. */
function slackOf(spread: Spread, from: number, to: number): number {
  return Math.min(upperSlack(spread, from), lowerSlack(spread, to));
}

function upperSlack(spread: Spread, shard: number): number {
  return (spread.problem.bands.high[shard] ?? 0) - (spread.load[shard] ?? 0);
}

function lowerSlack(spread: Spread, shard: number): number {
  return (spread.load[shard] ?? 0) - (spread.problem.bands.low[shard] ?? 0);
}

/** Sends less from one shard to another, if a lighter selection is enough. Whether it did. */
function lighten(spread: Spread, from: number, to: number): boolean {
  const sent = sentBetween(spread, from, to);
  if (!sent.length) return false;
  const slack = slackOf(spread, from, to);
  const all = sent.reduce((sum, unit) => sum + spread.size(unit), 0);
  return slack > all * little && reselect(spread, from, to, -slack, 0);
}

/**
 * Where one shard gives more than it must to one that has no more than it needs: another's partition goes there instead, so
 * that the first can send less. Kept only if the bytes go down.
 */
function pivot(spread: Spread): void {
  const shards = Array.from(spread.load, (_, shard) => shard);
  for (const from of shards) {
    const spare = upperSlack(spread, from);
    if (spare <= 0) continue;
    for (const to of shards) {
      if (to === from || lowerSlack(spread, to) >= spare) continue;
      if (!sentBetween(spread, from, to).length) continue;
      for (const other of shards) {
        if (other === to || other === from) continue;
        if (redirect(spread, from, to, other)) return;
      }
    }
  }
}

function redirect(spread: Spread, from: number, to: number, other: number): boolean {
  const most = Math.min(lowerSlack(spread, other), upperSlack(spread, to));
  const [unit] = [...(spread.incoming[other] ?? [])]
    .filter((one) => spread.size(one) <= most && spread.home(one) !== to && spread.permits(one, to))
    .sort((a, b) => spread.size(b) - spread.size(a) || a - b);
  if (unit === undefined) return false;
  const before = spread.movedBytes;
  spread.place(unit, to);
  lighten(spread, from, to);
  if (spread.movedBytes < before) return true;
  spread.place(unit, other);
  return false;
}
