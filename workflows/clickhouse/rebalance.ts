import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseRebalanceInput, RebalanceData, RunReport } from '../../src/runs/index.ts';
import { shardNumber } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';
import { moveRun } from './moves/child.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Brings the shards of a table to their shares: one run for each partition that moves, some at once, each proven by itself,
 * and a proof of the whole at the end. It holds the table's lock. Runbook: docs/clickhouse/rebalance.md.
 */
export async function clickhouseRebalance(input: ClickHouseRebalanceInput): Promise<RunReport> {
  return openRun('clickhouse.rebalance', input, async (run) => {
    // What has been planned, for the look after the approval.
    const before: { approved?: RebalanceData['moves'] } = {};
    const plan = await run.plan(clickhouse.planRebalance, async () => ({ ...input, ...before }));
    const { data, picture } = plan;
    if (data.moves.length === 0) return;
    before.approved = data.moves;
    await run.approval(plan);

    const { cluster, table, window, pauseMs } = data;
    const gate = { title: 'look at the health of the cluster', ref: clickhouse.checkHealth, input: { cluster, table } };
    const done = await run.children(
      data.moves.map(({ partition, from, to, wave }) =>
        moveRun(input, { cluster, table, partition, from: shardNumber(from), to: shardNumber(to) }, wave),
      ),
      { window, pauseMs, gate },
    );
    const moved = data.moves.filter((_, at) => done[at]);
    const pictured = picture?.plan.moves.filter((_, at) => done[at]) ?? [];
    run.measure('partitionsMoved', moved.length);
    run.measure(
      'rowsMoved',
      moved.reduce((sum, { rows }) => sum + rows, 0),
    );
    run.measure(
      'bytesMoved',
      pictured.reduce((sum, { bytes }) => sum + bytes, 0),
    );

    const shares = (picture?.plan.shares ?? []).map(({ shard, tier, beforeBytes }) => ({ shard, tier, beforeBytes }));
    const proof = { cluster, table, keepsRows: data.keepsRows, moved, before: shares };
    await run.step('prove the balance', clickhouse.proveBalance, proof, { profile: 'slow' });
  });
}
