import type { RebalanceMove, RebalanceShare } from '../../../runs/index.ts';
import { sharesByWeight } from './solver/limits.ts';
import type { TierProblem } from './solver/assignment.ts';
import type { RebalancePolicy, ShardFacts } from '../facts/types.ts';
import { bytesInWords, deviationInWords } from '../facts/words.ts';

/** Each tier of each shard before and after the moves, with what is free at the tightest moment. */
export function sharesOf(
  shards: readonly ShardFacts[],
  problems: readonly TierProblem[],
  moves: readonly RebalanceMove[],
  policy: RebalancePolicy,
): RebalanceShare[] {
  return problems.flatMap((problem) => {
    const { scale, bands, space, heatLoad, tier } = problem;
    const ideal = sharesByWeight(scale, policy.tolerance, policy.ignoreBytes);
    const here = moves.filter((move) => move.tier === tier);
    return shards.map(({ name, weight }, shard): RebalanceShare => {
      const out = here.filter(({ from }) => from === name);
      const into = here.filter(({ to }) => to === name);
      const before = scale.load[shard] ?? 0;
      const after = before - total(out) + total(into);
      const [low, high] = [ideal.low[shard] ?? 0, ideal.high[shard] ?? 0];
      const within = after >= low && after <= high;
      const share: RebalanceShare = {
        shard: name,
        tier,
        weight,
        beforeBytes: before,
        afterBytes: after,
        shareBytes: Math.round(ideal.target[shard] ?? 0),
        lowBytes: low,
        highBytes: high,
        targetBytes: Math.round(bands.target[shard] ?? 0),
        freeBeforeBytes: Math.floor(space[shard] ?? 0),
        freeLeastBytes: Math.floor((space[shard] ?? 0) - peakOf(into, policy)),
        heatBefore: heatLoad[shard] ?? 0,
        heatAfter: (heatLoad[shard] ?? 0) - heat(out) + heat(into),
        within,
      };
      return within ? share : { ...share, why: whyOutside(share, scale.fixed[shard] ?? 0) };
    });
  });
}

/** The most that is in use at any moment: all that came, and the staging of the largest of the wave under way. */
export function peakOf(
  into: readonly Pick<RebalanceMove, 'wave' | 'bytes'>[],
  { window, stagingFactor }: Pick<RebalancePolicy, 'window' | 'stagingFactor'>,
): number {
  let [come, peak] = [0, 0];
  for (const wave of [...new Set(into.map((move) => move.wave))].sort((a, b) => a - b)) {
    const sizes = into.filter((move) => move.wave === wave).map(({ bytes }) => bytes);
    come += sizes.reduce((sum, bytes) => sum + bytes, 0);
    const staged = sizes.sort((a, b) => b - a).slice(0, window);
    peak = Math.max(peak, come + (stagingFactor - 1) * staged.reduce((sum, bytes) => sum + bytes, 0));
  }
  return peak;
}

/** Where it stays, and what it is that keeps it there as far as it is this shard's doing. */
function whyOutside(share: RebalanceShare, fixed: number): string {
  const { shard, weight, afterBytes, shareBytes, targetBytes, freeBeforeBytes } = share;
  const where = weight === 0 ? `not empty, ${bytesInWords(afterBytes)}` : deviationInWords(afterBytes, shareBytes);
  if (afterBytes > shareBytes && fixed >= targetBytes && fixed > 0) {
    return `${shard} stays ${where}: ${bytesInWords(fixed)} of it can't be moved`;
  }
  if (afterBytes < shareBytes && targetBytes < shareBytes && freeBeforeBytes < shareBytes - share.beforeBytes) {
    return `${shard} stays ${where}: it has ${bytesInWords(Math.max(0, freeBeforeBytes))} free beside the reserve`;
  }
  if (Math.abs(targetBytes - shareBytes) > 1) return `${shard} stays ${where}: other shards can't give or take enough`;
  return `${shard} stays ${where}`;
}

function total(moves: readonly RebalanceMove[]): number {
  return moves.reduce((sum, { bytes }) => sum + bytes, 0);
}

function heat(moves: readonly RebalanceMove[]): number {
  return moves.reduce((sum, move) => sum + (move.heat ?? 0), 0);
}
