import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access/access.ts';
import { addShard } from './add-shard/index.ts';
import { drainShard } from './drain-shard/index.ts';
import { clusterHealthy } from './health/cluster-healthy.ts';
import { healthActivity } from './health/health.ts';
import { keyReshard } from './key-reshard/index.ts';
import { move } from './move/index.ts';
import { rebalance } from './rebalance/index.ts';
import { split } from './split/index.ts';
import { tier } from './tier/index.ts';
import { undoMove } from './undo-move/index.ts';

export type ClickHouseActivityOptions = ClickHouseDeps & { runtime: StepRuntime };

/** The activities of the clickhouse domain, by the names that Temporal knows them under. */
export type ClickHouseActivities = ReturnType<typeof createClickHouseActivities>;

/** Every step and plan of the domain; what several procedures take is there once. */
export const clickhouseDefinitions = {
  ...move,
  ...undoMove,
  ...rebalance,
  ...keyReshard,
  ...split,
  ...tier,
  ...addShard,
  ...drainShard,
  clickhouseClusterHealthy: clusterHealthy,
};

/** Steps and their drivers → the activities that a clickhouse worker serves. */
export function createClickHouseActivities({ runtime, ...deps }: ClickHouseActivityOptions) {
  return { ...serve(clickhouseDefinitions, deps, runtime), clickhouseHealth: healthActivity(deps) };
}
