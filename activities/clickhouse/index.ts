import type { StepActivity } from '../../src/runs/index.ts';
import type { StepDefinition, StepRuntime } from '../../src/steps/index.ts';
import { stepActivity } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { expirePartition } from './expire-partition.ts';
import { moveToVolume } from './move-to-volume.ts';
import { planTierActivity } from './plan-tier.ts';
import { proveRollup } from './prove-rollup.ts';

export type ClickHouseActivityOptions = ClickHouseDeps & { runtime: StepRuntime };

/** The activities of the clickhouse domain, by the names that Temporal knows them under. */
export type ClickHouseActivities = ReturnType<typeof createClickHouseActivities>;

/** Steps and their drivers → the activities that a clickhouse worker serves. */
export function createClickHouseActivities({ runtime, ...deps }: ClickHouseActivityOptions) {
  const step = <I, O>(definition: StepDefinition<I, O, ClickHouseDeps>): StepActivity<I, O> =>
    stepActivity(definition, deps, runtime);
  return {
    clickhousePlanTier: planTierActivity(deps, runtime),
    clickhouseMoveToVolume: step(moveToVolume),
    clickhouseProveRollup: step(proveRollup),
    clickhouseExpirePartition: step(expirePartition),
  };
}
