import { planAddShard, planDrainShard } from '../../src/planning/clickhouse/index.ts';
import type { AddShardData, ClickHouseShardInput, DrainShardData, PlanActivity } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { planningActivity } from '../run/planning-activity.ts';
import type { ClickHouseDeps } from './access.ts';
import { readPlaces, readShards, shardIntent } from './read-shards.ts';

/** Reads every server and plans how the shard comes to be one like the others. @throws CLICKHOUSE_UNKNOWN_CLUSTER, and as `planningActivity` does */
export function planAddShardActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<ClickHouseShardInput, AddShardData> {
  return planningActivity(runtime, async ({ input }, signal) => {
    const access = await clusters(input.cluster);
    const intent = shardIntent(access, input);
    const servers = await readShards(access, intent, signal);
    return planAddShard(await readPlaces(access, servers, input.shard, signal), intent);
  });
}

/** Reads every server and plans how the shard is emptied. @throws CLICKHOUSE_UNKNOWN_CLUSTER, and as `planningActivity` does */
export function planDrainShardActivity(
  { clusters }: ClickHouseDeps,
  runtime: StepRuntime,
): PlanActivity<ClickHouseShardInput, DrainShardData> {
  return planningActivity(runtime, async ({ input }, signal) => {
    const access = await clusters(input.cluster);
    const intent = shardIntent(access, input);
    return planDrainShard(await readShards(access, intent, signal), intent);
  });
}
