import type { ThawTier } from '../../../runs/index.ts';
import type { Prices } from './money.ts';
import { retrievalPrice } from './money.ts';
import { mustThaw, thawMs, tiersBySpeed } from './times.ts';

/** What the choice of a tier rests on. */
export type TierQuestion = { size: number; storageClass: string };

export type TierChoice = {
  /** In the order of the objects; nothing for one that can be read at once. */
  tiers: readonly (ThawTier | undefined)[];
  /** Of the slowest object. */
  thawMs: number;
  /** Every object is there within the budget. */
  inTime: boolean;
};

/**
 * For each object the cheapest tier that is fast enough; of equally cheap ones the faster. Objects thaw side by side, so that
 * none waits for another and the choice is made one by one. Where none is fast enough: the fastest that the class has.
 */
export function chooseTiers(objects: readonly TierQuestion[], prices: Prices, budgetMs: number): TierChoice {
  let slowest = 0;
  const tiers = objects.map((object) => {
    if (!mustThaw(object.storageClass)) return undefined;
    const tier = tierOf(object, prices, budgetMs);
    slowest = Math.max(slowest, thawMs(object.storageClass, tier) ?? 0);
    return tier;
  });
  return { tiers, thawMs: slowest, inTime: slowest <= budgetMs };
}

function tierOf({ size, storageClass }: TierQuestion, prices: Prices, budgetMs: number): ThawTier {
  const offered = tiersBySpeed.filter((tier) => thawMs(storageClass, tier) !== undefined);
  const fastest = offered.at(-1) ?? 'Standard';
  const enough = offered.filter((tier) => (thawMs(storageClass, tier) ?? Infinity) <= budgetMs);
  return enough.reduce<ThawTier>((best, tier) => {
    const cost = retrievalPrice(prices, storageClass, tier, size).cost;
    return cost <= retrievalPrice(prices, storageClass, best, size).cost ? tier : best;
  }, enough[0] ?? fastest);
}

/** The next faster tier that the class has; nothing above the fastest. */
export function fasterTier(storageClass: string, tier: ThawTier): ThawTier | undefined {
  const faster = tiersBySpeed.slice(tiersBySpeed.indexOf(tier) + 1);
  return faster.find((one) => thawMs(storageClass, one) !== undefined);
}

/** The next slower tier: what a store without capacity is asked for instead. */
export function slowerTier(storageClass: string, tier: ThawTier): ThawTier | undefined {
  const slower = tiersBySpeed.slice(0, tiersBySpeed.indexOf(tier));
  return slower.findLast((one) => thawMs(storageClass, one) !== undefined);
}
