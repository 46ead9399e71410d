import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseUndoMoveInput, RunReport } from '../../src/runs/index.ts';
import { callControl, domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import { finishMove } from './moves/finish.ts';
import { moveRun } from './moves/child.ts';
import { needed } from './moves/prepare.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Takes the last move of a partition back: its source attaches what it kept, its target gives the copy away, which must be
 * exactly what was moved. Where that isn't safe, all of the partition goes back by a move, a run under this one, which holds
 * the table. Runbook: docs/clickhouse/undo-move.md.
 */
export async function clickhouseUndoMove(input: ClickHouseUndoMoveInput): Promise<RunReport> {
  return openRun('clickhouse.undo-move', input, async (run) => {
    const target = `${input.cluster}/${input.table}/${input.partition}`;
    const plan = await run.plan(clickhouse.planUndoMove, async () => {
      const report = await callControl('newestReport', { kind: 'clickhouse.move', target }, 'the report of the move');
      return { ...input, ...(report ? { report } : {}) };
    });
    await run.approval(plan);
    if (plan.data.way === 'reverse-move') {
      await run.children([moveRun(input, plan.data.move)], { window: 1, pauseMs: 0 });
      return;
    }
    const { record, ...data } = plan.data;
    const move = { ...data, staging: '' };
    const slow = { profile: 'slow' } as const;
    const asked = { ...data, wanted: record.digest };
    const manifest = needed(await run.step('digest what was moved', clickhouse.takeManifest, asked, slow));
    await run.step('stop the merges', clickhouse.stopMerges, data, { undo: true });
    const own = needed(await run.step('look at the rows that came late', clickhouse.readTarget, data, slow));
    await run.step('hold the ingest', clickhouse.holdIngest, { ...data, proven: true }, { undo: true });
    const look = { move, manifest, parts: [], last: true };
    const source = needed(await run.step('take a last look', clickhouse.recheckSource, look, slow));
    await finishMove(run, {
      move,
      copy: record.parts,
      digest: record.digest,
      source,
      own,
      quiet: manifest.quiet,
      from: 'detached',
    });
  });
}
