import { GantryError } from '../../src/errors/index.ts';
import type { Case } from './play.ts';
import type { ShardStage } from './shard-stage.ts';

type ShardCase = Case<ShardStage>;

/** The histories of `clickhouseRebalance`. */
export const rebalanceCases: Readonly<Record<string, ShardCase>> = {
  planned: ({ rig, table }) => rig.start(table, { dryRun: true }),
  done: ({ rig, table }) => rig.start(table),
  idle: ({ rig, table }) => rig.start(table),
};

/** The histories of `clickhouseAddShard`: the same shard is tried, given up and added. */
export const addShardCases: Readonly<Record<string, ShardCase>> = {
  planned: ({ rig }) => rig.run('clickhouseAddShard', 3, { dryRun: true }),

  /** Nobody sees the canary: it is taken out of the list again, and its tables go. */
  aborted: async (stage) => {
    stage.before(async (call) => {
      if (call === 'clickhouse.insertCanary') throw new GantryError('CLICKHOUSE_CANARY_FAILED', 'no row, on purpose');
    });
    const run = await stage.rig.run('clickhouseAddShard', 3);
    await stage.rig.reaches(run, 'parked');
    stage.before(async () => undefined);
    await stage.rig.tell(run, 'abort', { reason: 'not today' });
    return run;
  },

  done: async ({ rig }) => rig.run('clickhouseAddShard', 3),
  idle: async ({ rig }) => rig.run('clickhouseAddShard', 3),
};

/** The histories of `clickhouseDrainShard`. */
export const drainShardCases: Readonly<Record<string, ShardCase>> = {
  planned: ({ rig }) => rig.run('clickhouseDrainShard', 2, { dryRun: true }),
  done: ({ rig }) => rig.run('clickhouseDrainShard', 2),
};
