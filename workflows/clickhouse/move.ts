import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseMoveInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import { finishMove } from './moves/finish.ts';
import { prepareMove } from './moves/prepare.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Moves one partition from a shard to another one, proven row by row before the source gives anything away. A part of a
 * rebalance. Runbook: docs/clickhouse/move.md.
 */
export async function clickhouseMove(input: ClickHouseMoveInput): Promise<RunReport> {
  return openRun('clickhouse.move', input, async (run) => {
    const plan = await run.plan(clickhouse.planMove, input);
    await run.approval(plan);
    const cutover = await prepareMove(run, plan.data);
    await finishMove(run, cutover);
    await run.step('drop the staging table', clickhouse.dropStaging, cutover.move, { leavesNothing: true });
  });
}
