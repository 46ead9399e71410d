import { definePlan } from '../../../src/steps/index.ts';
import { planMove } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseMoveInput, PlanCall } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { readMoveFacts } from '../partition/read-facts.ts';

/** Reads both shards and plans the move of a partition. @throws CLICKHOUSE_UNKNOWN_CLUSTER, CLICKHOUSE_UNKNOWN_TABLE, every finding at once */
export const movePlan = definePlan(
  'clickhouse.move',
  async ({ input }: PlanCall<ClickHouseMoveInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const intent = tableOf(access, input.table);
    return planMove(intent, await readMoveFacts(access, input, signal), input);
  },
);
