import type { WorkflowHandle } from '@temporalio/client';
import { GantryError } from '../../src/errors/index.ts';
import type { ClickHouseStage } from './clickhouse-stage.ts';

/** Makes one run that ends in a certain way, and answers it. */
export type ClickHouseCase = (stage: ClickHouseStage) => Promise<WorkflowHandle>;

/** The histories of `clickhouseMove`, by how the run goes; each moves a day of its own. */
export const moveCases: Readonly<Record<string, ClickHouseCase>> = {
  done: async (stage) => stage.rig.move(await stage.filled(), 1, 2),

  planned: async ({ rig, filled }) => {
    const input = { partition: await filled(), from: 1, to: 2, dryRun: true };
    return rig.start('clickhouseMove', 'dry-run/clickhouse.move', input);
  },

  orphan: async ({ rig, filled }) => {
    const partition = await filled();
    return rig.start('clickhouseMove', `clickhouse/metrics/load.events/${partition}`, { partition, from: 1, to: 2 });
  },

  'refused-unknown-partition': ({ rig }) => rig.move('20990101', 1, 2),

  /** Aborted before the cutover: the staging table goes, the merges run again. */
  aborted: async (stage) => {
    const partition = await stage.filled();
    let asked = false;
    const run = stage.rig.move(partition, 1, 2);
    stage.before(async (call) => {
      if (asked || call !== 'clickhouse.merges') return;
      asked = true;
      await stage.rig.tell(await run, 'abort', { reason: 'not today' });
    });
    return run;
  },

  /** Nothing can be fetched until somebody looks after it. */
  'parked-retried': async (stage) => {
    const partition = await stage.filled();
    let broken = true;
    stage.before(async (call) => {
      if (broken && call === 'clickhouse.fetchPartition')
        throw new GantryError('CLICKHOUSE_DISK_FULL', 'no room, on purpose');
    });
    const run = await stage.rig.move(partition, 1, 2);
    await stage.rig.reaches(run, 'parked');
    broken = false;
    await stage.rig.tell(run, 'resolve', { action: 'retry', reason: 'there is room' });
    return run;
  },
};

/** The histories of `clickhouseUndoMove`. */
export const undoMoveCases: Readonly<Record<string, ClickHouseCase>> = {
  done: async ({ rig, filled }) => {
    const partition = await filled();
    await (await rig.move(partition, 1, 2)).result();
    return rig.undo(partition);
  },

  /** By a move in the other direction, a run under this one. */
  'done-reverse': async ({ rig, filled }) => {
    const partition = await filled();
    await (await rig.move(partition, 1, 2)).result();
    return rig.undo(partition, { reverse: true });
  },

  'planned-reverse': async ({ rig, filled }) => {
    const partition = await filled();
    await (await rig.move(partition, 1, 2)).result();
    return rig.start('clickhouseUndoMove', 'dry-run/clickhouse.undo-move', { partition, reverse: true, dryRun: true });
  },

  'refused-unknown-move': async ({ rig, filled }) => rig.undo(await filled()),
};
