import type { ProcedureTable } from '../../../src/steps/index.ts';
import { checkHealth } from '../servers/check-health.ts';
import { rebalancePlan } from './plan.ts';
import { proveBalance } from './prove-balance.ts';

/** What a run of clickhouse.rebalance is made of. */
export const rebalance = {
  clickhousePlanRebalance: rebalancePlan,
  clickhouseCheckHealth: checkHealth,
  clickhouseProveBalance: proveBalance,
} satisfies ProcedureTable<'clickhouse.rebalance'>;
