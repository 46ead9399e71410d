import { workflowInfo } from '@temporalio/workflow';
import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseMoveInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { criticalStep } from '../run/critical.ts';
import { openRun } from '../run/open-run.ts';
import { prepareMove } from './prepare-move.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Moves one partition from a shard to another one, proven row by row before the source gives anything away. A part of a
 * rebalance. Runbook: docs/clickhouse/move.md.
 */
export async function clickhouseMove(input: ClickHouseMoveInput): Promise<RunReport> {
  return openRun('clickhouse.move', input, async (run) => {
    const plan = await run.plan(clickhouse.planMove, input);
    await run.approval(plan);
    const { data } = plan;
    const cutover = await prepareMove(run, data, workflowInfo().runId);
    const { move } = cutover;
    await run.critical([criticalStep('cut over', clickhouse.cutOver, cutover)], {
      drive: 'forward',
      pointOfNoReturn: true,
    });
    const found = await run.step('look for late rows', clickhouse.findLateRows, cutover);
    let lateRows = 0;
    if (found) {
      const { late, upTo } = found.after;
      let { attached } = found.after;
      for (const part of late) {
        const back = await run.step(`bring ${part} back`, clickhouse.bringBack, { move, part, attached, upTo });
        attached = back?.after.attached ?? attached;
        lateRows += back?.after.rows ?? 0;
      }
    }
    run.measure('lateRows', lateRows);
    run.measure('movedRows', cutover.digest.rows);
    await run.step('let the ingest go on', clickhouse.openIngest, data);
    await run.step('start the merges', clickhouse.startMerges, data);
    await run.step('prove the move', clickhouse.proveMove, { ...cutover, lateRows }, { profile: 'slow' });
    await run.step('drop the staging table', clickhouse.dropStaging, move);
  });
}
