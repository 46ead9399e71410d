import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseTierInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Brings the declaration and the partitions of one table to their tier, and expires those whose time is over and whose
 * roll-up is proven. It holds the table. Runbook: docs/clickhouse/tier.md.
 */
export async function clickhouseTier(input: ClickHouseTierInput): Promise<RunReport> {
  return openRun('clickhouse.tier', input, async (run) => {
    const plan = await run.plan(clickhouse.planTier, input);
    const { aligns, moves, expiries, overdue, idle } = plan.data;
    run.measure('overdueRefused', overdue.length);
    if (overdue.length > 0) {
      run.tell(
        plan.title,
        overdue.map(({ code, why, partition }) => ({ code, message: `${partition}: ${why}`, place: partition })),
      );
    }
    if (idle) return;
    await run.approval(plan);
    for (const align of aligns)
      await run.step(`align the table on ${align.server}`, clickhouse.alignTable, align, { undo: true });
    let left = 0;
    for (const move of moves) {
      const title = `move ${move.partition} on ${move.server} to ${move.volume}`;
      const placed = await run.step(title, clickhouse.moveToVolume, move, { undo: true, profile: 'watched' });
      if (placed?.after.left) left += 1;
    }
    for (const expiry of expiries) {
      const proof = await run.step(`prove ${expiry.partition}`, clickhouse.proveRollup, expiry, { profile: 'slow' });
      if (!proof) continue;
      const { reading, standing } = proof.after;
      const proven = { ...expiry, proof: reading, ...(standing ? { standing } : {}) };
      await run.step(`expire ${expiry.partition}`, clickhouse.expirePartition, proven, {
        pointOfNoReturn: true,
        profile: 'slow',
      });
    }
    run.measure('aligned', aligns.length);
    run.measure('moved', moves.length - left);
    run.measure('expired', expiries.length);
  });
}
