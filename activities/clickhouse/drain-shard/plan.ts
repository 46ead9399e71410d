import { definePlan } from '../../../src/steps/index.ts';
import { planDrainShard } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseShardInput, PlanCall } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { readShards, shardIntent } from '../cluster/read-shards.ts';

/** Reads every server and plans how the shard is emptied. @throws CLICKHOUSE_UNKNOWN_CLUSTER, and every finding at once */
export const drainShardPlan = definePlan(
  'clickhouse.drain-shard',
  async ({ input }: PlanCall<ClickHouseShardInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const intent = shardIntent(access, input);
    return planDrainShard(await readShards(access, intent, signal), intent);
  },
);
