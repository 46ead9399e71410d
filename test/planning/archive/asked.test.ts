import { expect, test } from 'vitest';
import { costOf, spendingOfAsked, thawCounts } from '../../../src/planning/archive/recovery/index.ts';

test('what a run has asked for is charged by class and tier, by request and by byte', () => {
  const asked: Record<string, number> = { put: 2_000, get: 5_000, list: 1_000, bytesOut: 3e9 };
  const count = (of: ReturnType<typeof thawCounts>): void =>
    of.forEach(([name, by]) => void (asked[name] = (asked[name] ?? 0) + by));
  count(thawCounts('GLACIER', 'Standard', 1e9));
  count(thawCounts('GLACIER', 'Standard', 1e9));
  // Asked for again, faster: charged besides the first request.
  count(thawCounts('GLACIER', 'Expedited', 1e9));
  count(thawCounts('DEEP_ARCHIVE', 'Bulk', 0));
  const timing = { days: 3, copiedBytes: 2e9, copiesMs: 86_400_000 / 2 };
  const prices = {
    ...{ currency: 'USD', storage: { STANDARD: 30 }, transferPerGB: 10 },
    requests: { put: 1, get: 0.1, list: 2 },
    retrieval: { GLACIER: { Standard: { perGB: 5, per1000: 1_000 }, Expedited: { perGB: 7, per1000: 4_000 } } },
  };
  expect(costOf(prices, spendingOfAsked(asked, timing))).toEqual({
    currency: 'USD',
    // Thaws 2 × 1 + 4, PUT 2, GET 0.5, LIST 2.
    requests: 10.5,
    retrieval: 2 * 5 + 7,
    // 2 GB of copies for half a day, 3 GB thawed for 3 days, at 1 a GB and day.
    storage: 10,
    transfer: 30,
    total: 67.5,
    unpriced: ['retrieval.DEEP_ARCHIVE.Bulk'],
  });
});
