import type { RestoreCost, ThawTier } from '../../../runs/index.ts';

/** What a store charges for a thaw. */
type Retrieval = { perGB: number; per1000: number };

/** The prices of an archive, as the platform file has them. Each may be missing. */
export type Prices = {
  currency: string;
  storage: Readonly<Partial<Record<string, number>>>;
  requests: { put?: number; get?: number; list?: number };
  transferPerGB?: number;
  retrieval: Readonly<Partial<Record<string, Readonly<Partial<Record<ThawTier, Retrieval>>>>>>;
};

const gb = 1e9;
const daysOfMonth = 30;

/** What the thaw of one object costs. A price that is missing counts as zero, and is named. */
export function retrievalPrice(
  prices: Prices,
  storageClass: string,
  tier: ThawTier,
  size: number,
): { requests: number; data: number; cost: number; missing: boolean } {
  const price = prices.retrieval[storageClass]?.[tier];
  if (!price) return { requests: 0, data: 0, cost: 0, missing: true };
  const requests = price.per1000 / 1000;
  const data = (size / gb) * price.perGB;
  return { requests, data, cost: requests + data, missing: false };
}

/** What was, or will be, asked of the store. */
export type Spending = {
  /** Requests to thaw, and the bytes thawed, by class and tier. */
  thaws: readonly { storageClass: string; tier: ThawTier; objects: number; bytes: number }[];
  /** Bytes that lie in the store a second time, and for how long. */
  copies: { bytes: number; days: number };
  /** The temporary copies that a thaw makes; the store charges them as STANDARD. */
  thawed: { bytes: number; days: number };
  puts: number;
  gets: number;
  lists?: number;
  /** Bytes that leave the store. */
  outBytes: number;
};

/** What it costs. Estimates and actuals are made by this one function. */
export function costOf(prices: Prices, spending: Spending): RestoreCost {
  const unpriced = new Set<string>();
  const priced = (name: string, price: number | undefined): number => {
    if (price === undefined) unpriced.add(name);
    return price ?? 0;
  };
  let requests = 0;
  let retrieval = 0;
  for (const { storageClass, tier, objects, bytes } of spending.thaws) {
    if (objects === 0) continue;
    const price = prices.retrieval[storageClass]?.[tier];
    if (!price) unpriced.add(`retrieval.${storageClass}.${tier}`);
    requests += ((price?.per1000 ?? 0) * objects) / 1000;
    retrieval += ((price?.perGB ?? 0) * bytes) / gb;
  }
  if (spending.puts > 0) requests += (priced('requests.put', prices.requests.put) * spending.puts) / 1000;
  if (spending.gets > 0) requests += (priced('requests.get', prices.requests.get) * spending.gets) / 1000;
  const { lists = 0 } = spending;
  if (lists > 0) requests += (priced('requests.list', prices.requests.list) * lists) / 1000;
  const byteDays = spending.copies.bytes * spending.copies.days + spending.thawed.bytes * spending.thawed.days;
  const storage =
    byteDays > 0 ? (priced('storage.STANDARD', prices.storage['STANDARD']) * byteDays) / gb / daysOfMonth : 0;
  const transfer = spending.outBytes > 0 ? (priced('transferPerGB', prices.transferPerGB) * spending.outBytes) / gb : 0;
  return {
    ...{ currency: prices.currency, requests, retrieval, storage, transfer },
    total: requests + retrieval + storage + transfer,
    unpriced: [...unpriced].sort(),
  };
}

/** Money as people read it. */
export function moneyWords(amount: number, currency: string): string {
  return `${amount > 0 && amount < 0.01 ? amount.toFixed(4) : amount.toFixed(2)} ${currency}`;
}
