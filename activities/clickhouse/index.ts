import type { StepActivity } from '../../src/runs/index.ts';
import type { StepDefinition, StepRuntime } from '../../src/steps/index.ts';
import { stepActivity } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { checkHealth } from './check-health.ts';
import { healthActivity } from './health.ts';
import { planRebalanceActivity } from './plan-rebalance.ts';
import { proveBalance } from './prove-balance.ts';

export type ClickHouseActivityOptions = ClickHouseDeps & { runtime: StepRuntime };

/** The activities of the clickhouse domain, by the names that Temporal knows them under. */
export type ClickHouseActivities = ReturnType<typeof createClickHouseActivities>;

/** Steps and their drivers → the activities that a clickhouse worker serves. */
export function createClickHouseActivities({ runtime, ...deps }: ClickHouseActivityOptions) {
  const step = <I, O>(definition: StepDefinition<I, O, ClickHouseDeps>): StepActivity<I, O> =>
    stepActivity(definition, deps, runtime);
  return {
    clickhousePlanRebalance: planRebalanceActivity(deps, runtime),
    clickhouseCheckHealth: step(checkHealth),
    clickhouseProveBalance: step(proveBalance),
    clickhouseHealth: healthActivity(deps),
  };
}
