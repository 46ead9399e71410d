import { definePlan } from '../../../src/steps/index.ts';
import { planAddShard } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseShardInput, PlanCall } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { readPlaces, readShards, shardIntent } from '../cluster/read-shards.ts';

/** Reads every server and plans how the shard comes to be one like the others. @throws CLICKHOUSE_UNKNOWN_CLUSTER, and every finding at once */
export const addShardPlan = definePlan(
  'clickhouse.add-shard',
  async ({ input }: PlanCall<ClickHouseShardInput>, { clusters }: ClickHouseDeps, signal) => {
    const access = await clusters(input.cluster);
    const intent = shardIntent(access, input);
    const servers = await readShards(access, intent, signal);
    return planAddShard(await readPlaces(access, servers, input.shard, signal), intent);
  },
);
