import type { WorkflowHandle } from '@temporalio/client';
import { daysAgo, deletingTtl, rollupTables, samplesOf, tampered } from '../support/rollups.ts';
import { tierCluster } from '../support/tier-platform.ts';
import type { Case } from './play.ts';
import { approved, childOf, onFirst, until, update } from './play.ts';
import type { TierStage } from './tier-stage.ts';

const due = daysAgo(9);
const months = [daysAgo(70), daysAgo(140)];

/** The histories of `clickhouseTier`, by how the run goes. */
export const tierCases: Readonly<Record<string, Case<TierStage>>> = {
  /** Nothing to do, and something that is overdue and refused. */
  idle: async (stage) => {
    await filled(stage, due);
    await stage.rig.sql(tampered(due.date, -1, -4));
    return tier(stage, 'samples');
  },

  done: async (stage) => {
    await filled(stage, due);
    return approved(await tier(stage, 'samples'));
  },

  'done-moves': async (stage) => {
    await filled(stage, ...months);
    return approved(await tier(stage, 'samples_h1'));
  },

  /** A TTL that deletes is taken off before anything of the table is expired. */
  aligned: async (stage) => {
    await filled(stage, due);
    await stage.rig.sql(deletingTtl);
    return approved(await tier(stage, 'samples'));
  },

  planned: async (stage) => {
    await filled(stage, due);
    return tier(stage, 'samples', { dryRun: true }, 'dry-run/clickhouse.tier/metrics/metrics.samples');
  },

  /** As a schedule starts it. */
  proxy: async (stage) => {
    await filled(stage, due);
    const proxy = await tier(stage, 'samples', {}, 'schedule/tier-samples-2026-11-23T02:10:00Z');
    return approved(proxy, await childOf(stage, proxy));
  },

  /** Before the second move: the first one is taken back. */
  aborted: async (stage) => {
    await filled(stage, ...months);
    const handle = await tier(stage, 'samples_h1');
    let moves = 0;
    stage.before(async (call) => {
      if (call !== 'clickhouse.movePartitionToVolume' || (moves += 1) !== 2) return;
      await update(handle, 'abort', { reason: 'the wrong night' });
    });
    return approved(handle);
  },

  /** The roll-up changes between the approval and the proof; it is repaired. */
  'parked-retried': async (stage) => {
    await filled(stage, due);
    const handle = await tier(stage, 'samples');
    const waiting = await until(handle, 'awaiting-approval');
    let figures = 0;
    stage.before(async (call) => {
      // Two readings for the plan after the approval, two for the proof.
      if (call === 'clickhouse.figures' && (figures += 1) === 3) await stage.rig.sql(tampered(due.date, 1, 0));
    });
    await update(handle, 'approve', { planHash: waiting.plan?.hash });
    await until(handle, 'parked');
    await stage.rig.sql(tampered(due.date, -1, 0));
    await update(handle, 'resolve', { action: 'retry', reason: 'repaired' });
    return handle;
  },

  /** Past the first expiry an abort is refused; it is paused and resumed instead. */
  paused: async (stage) => {
    await filled(stage, due, daysAgo(10));
    const handle = await approved(await tier(stage, 'samples'));
    onFirst(stage, 'clickhouse.dropPartition', () => update(handle, 'pause', { reason: 'a look first' }));
    await until(handle, 'paused');
    await update(handle, 'resume', {});
    return handle;
  },
};

async function filled({ rig, before }: TierStage, ...days: readonly { date: string }[]): Promise<void> {
  before(async () => undefined);
  for (const table of rollupTables) await rig.sql(`TRUNCATE TABLE metrics.${table}`);
  for (const { date } of days) await rig.sql(samplesOf(date));
}

function tier(
  { client, taskQueue }: TierStage,
  table: string,
  input: object = {},
  workflowId = `clickhouse/${tierCluster}/metrics.${table}`,
): Promise<WorkflowHandle> {
  return client.workflow.start('clickhouseTier', {
    ...{ workflowId, taskQueue, workflowIdReusePolicy: 'ALLOW_DUPLICATE' },
    args: [{ cluster: tierCluster, table: `metrics.${table}`, requestedBy: 'ada', ...input }],
  });
}
