import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseShardInput, DrainShardData, PlannedStep, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import type { Run } from '../run/run.ts';
import { simpleTrouble } from '../run/trouble.ts';
import { Ending } from '../run/ending.ts';
import { rebalanceTables } from './moves/rebalance-tables.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/** A look, the runs of every table, a wait: about 60 events a round with few tables, far below what a history holds. */
const maxRounds = 40;
/** Not to look again at once where a partition closes within moments. */
const leastWaitMs = 1_000;

/**
 * Empties a shard with the same moves as a rebalance and proves it empty. It removes no server. It holds the cluster.
 * Runbook: docs/clickhouse/drain-shard.md.
 */
export async function clickhouseDrainShard(input: ClickHouseShardInput): Promise<RunReport> {
  return openRun('clickhouse.drain-shard', input, async (run) => {
    const plan = await run.plan(clickhouse.planDrainShard, input);
    await run.approval(plan);
    const { cluster, listedAs, shard, weights } = plan.data;
    const slow = { profile: 'slow' } as const;
    const without = { cluster, listedAs, weights };
    await run.step('send it no new rows', clickhouse.setMembership, without, { undo: true, ...slow });
    await run.step('prove that none comes', clickhouse.canary, without, { undo: true, ...slow });
    const partitions = await moveAway(run, input, plan.data);
    const empty = { cluster, shard, partitions };
    await run.step('prove it empty', clickhouse.proveEmpty, empty, slow);
    await run.soak(plan.policy.soak, clickhouse.proveEmpty, empty);
    const queues = { cluster, listedAs, shard };
    await run.step('prove that nothing waits for it still', clickhouse.proveQueues, queues, slow);
    await run.step('prove it empty still', clickhouse.proveEmpty, empty, slow);
  });
}

/**
 * Moves until nothing is left, and answers what there was. What may still take rows is waited for; so are rows that wait in a
 * Distributed table, which come to the shard when they are sent: after them it looks once more.
 */
async function moveAway(
  run: Run<PlannedStep<'clickhouse.drain-shard'>>,
  input: ClickHouseShardInput,
  { cluster, listedAs, shard, tables }: DrainShardData,
): Promise<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = {};
  let nothingWaits = false;
  for (let round = 1; round <= maxRounds; round += 1) {
    const look = { cluster, tables, empty: shard };
    const seen = await run.step('look at what is left', clickhouse.measureShares, look, { profile: 'slow' });
    if (!seen) return all;
    for (const [table, ids] of Object.entries(seen.after.partitions))
      all[table] = [...new Set([...(all[table] ?? []), ...ids])];
    const left = seen.after.tables.filter((one) => one.left > 0);
    run.measure('rounds', round);
    if (left.length === 0) {
      if (nothingWaits) return all;
      const queues = { cluster, listedAs, shard };
      await run.step('prove that nothing waits for it', clickhouse.proveQueues, queues, { profile: 'slow' });
      nothingWaits = true;
      continue;
    }
    nothingWaits = false;
    const moving = left.filter(({ moves }) => moves > 0).map(({ table }) => table);
    await rebalanceTables(run, input, moving);
    if (moving.length === 0)
      await run.wait('wait for open partitions to close', Math.max(leastWaitMs, seen.after.waitMs));
  }
  throw new Ending('failed', simpleTrouble('CLICKHOUSE_SHARD_NOT_EMPTY', `not empty after ${maxRounds} rounds`));
}
