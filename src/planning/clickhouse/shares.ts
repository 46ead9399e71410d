import type { RebalanceMove, RebalanceShare } from '../../runs/index.ts';
import type { TierProblem } from './spread.ts';
import type { RebalancePolicy, ShardFacts } from './types.ts';
import { bytesInWords, deviationInWords } from './words.ts';

/** Each tier of each shard before and after the moves, with what is free at the tightest moment. */
export function sharesOf(
  shards: readonly ShardFacts[],
  problems: readonly TierProblem[],
  moves: readonly RebalanceMove[],
  policy: RebalancePolicy,
): RebalanceShare[] {
  return problems.flatMap((problem) => {
    const { scale, bands, space, heatLoad, tier } = problem;
    const here = moves.filter((move) => move.tier === tier);
    return shards.map(({ name, weight }, shard): RebalanceShare => {
      const out = here.filter(({ from }) => from === name);
      const into = here.filter(({ to }) => to === name);
      const before = scale.load[shard] ?? 0;
      const after = before - total(out) + total(into);
      const [low, high] = [bands.low[shard] ?? 0, bands.high[shard] ?? 0];
      const within = after >= low && after <= high;
      const share: RebalanceShare = {
        shard: name,
        tier,
        weight,
        beforeBytes: before,
        afterBytes: after,
        targetBytes: Math.round(bands.target[shard] ?? 0),
        lowBytes: Math.floor(low),
        highBytes: Math.ceil(high),
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

function whyOutside(share: RebalanceShare, fixed: number): string {
  const { shard, afterBytes, targetBytes, weight } = share;
  const where = weight === 0 && afterBytes > 0 ? 'not empty' : deviationInWords(afterBytes, targetBytes);
  const stuck = fixed > 0 ? `; ${bytesInWords(fixed)} of it can't be moved` : '';
  return `${shard} stays ${where}${stuck}`;
}

function total(moves: readonly RebalanceMove[]): number {
  return moves.reduce((sum, { bytes }) => sum + bytes, 0);
}

function heat(moves: readonly RebalanceMove[]): number {
  return moves.reduce((sum, move) => sum + (move.heat ?? 0), 0);
}
