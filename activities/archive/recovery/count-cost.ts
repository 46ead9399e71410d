import { costOf, moneyWords, spendingOfAsked } from '../../../src/planning/archive/recovery/index.ts';
import type { RestoreCost, RestoreTiming } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';

export type CountCostInput = { archive: string; asked: Readonly<Record<string, number>>; timing: RestoreTiming };

/** What was asked of the store, at the prices of the platform file: the same function as the estimate's. It asks the store nothing. */
export const countCost = defineStep<CountCostInput, RestoreCost, RecoveryDeps>({
  name: 'archive.count-cost',
  probe: async ({ archive, asked, timing }, { recovery }) => {
    const { prices } = (await recovery(archive)).config;
    const cost = costOf(prices, spendingOfAsked(asked, timing));
    const { requests, retrieval, storage, transfer, total, currency } = cost;
    const money = (amount: number): string => moneyWords(amount, currency);
    const parts = `retrieval ${money(retrieval)}, requests ${money(requests)}, storage ${money(storage)}, transfer ${money(transfer)}`;
    return done(cost, `${money(total)}: ${parts}`);
  },
});
