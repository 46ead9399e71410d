import type { ClickHouseMoveData } from '../../src/planning/clickhouse/index.ts';
import { planMove } from '../../src/planning/clickhouse/index.ts';
import type { ClickHouseMoveInput, PlanActivity } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { planningActivity } from '../run/planning-activity.ts';
import type { ClickHouseDeps } from './access.ts';
import { tableOf } from './access.ts';
import { readMoveFacts } from './read-move-facts.ts';

/** Reads both shards and plans the move of a partition. @throws CLICKHOUSE_UNKNOWN_CLUSTER, CLICKHOUSE_UNKNOWN_TABLE, every finding at once */
export function planMoveActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<ClickHouseMoveInput, ClickHouseMoveData> {
  return planningActivity(runtime, async ({ input }, signal) => {
    const access = await clusters(input.cluster);
    const intent = tableOf(access, input.table);
    return planMove(intent, await readMoveFacts(access, input, signal), input);
  });
}
