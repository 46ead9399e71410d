import type { ThawTier } from '../../../runs/index.ts';
import type { Prices } from './money.ts';
import { retrievalPrice } from './money.ts';
import { fasterTier } from './tiers.ts';
import { thawMs } from './times.ts';

/** An object that is not readable yet. */
export type Late = { size: number; storageClass: string; tier: ThawTier };

/** What a run does about a thaw that takes longer than planned. */
export type Upgrade =
  /** Nothing is faster, or nothing faster would be in time. */
  | { upgrade: 'none' }
  | { upgrade: 'tier'; tier: ThawTier; objects: number; bytes: number; extra: number; asks: boolean };

/**
 * Whether the objects that are late are asked for again with a faster tier: only where that one is there before the deadline. A
 * request with a faster tier is charged besides the first one. Above `askAbove` a person decides.
 */
export function upgradeOf(late: readonly Late[], prices: Prices, leftMs: number, askAbove: number): Upgrade {
  const steps = late.flatMap((one) => {
    const tier = fasterTier(one.storageClass, one.tier);
    const takes = tier && thawMs(one.storageClass, tier);
    return tier !== undefined && takes !== undefined && takes <= leftMs ? [{ ...one, to: tier }] : [];
  });
  const [first] = steps;
  if (!first) return { upgrade: 'none' };
  // One tier for all that are late: the fastest that any of them needs.
  const extra = steps.reduce((sum, { size, storageClass, to }) => {
    return sum + retrievalPrice(prices, storageClass, to, size).cost;
  }, 0);
  const bytes = steps.reduce((sum, { size }) => sum + size, 0);
  return { upgrade: 'tier', tier: first.to, objects: steps.length, bytes, extra, asks: extra > askAbove };
}
