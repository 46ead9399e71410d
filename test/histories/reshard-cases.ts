import { until } from '../../lab/clock.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import type { ClickHouseStage } from './clickhouse-stage.ts';
import type { ClickHouseCase } from './move-cases.ts';

const lock = 'clickhouse/metrics/load.events';
const reshard = ({ rig }: ClickHouseStage, input: object = {}) => rig.start('clickhouseKeyReshard', lock, input);

/** The histories of `clickhouseKeyReshard`; half of the buckets of shard 1 go to shard 2. */
export const keyReshardCases: Readonly<Record<string, ClickHouseCase>> = {
  planned: async (stage) => {
    await stage.filled();
    return stage.rig.start('clickhouseKeyReshard', 'dry-run/clickhouse.key-reshard', { dryRun: true });
  },

  done: async (stage) => {
    await stage.filled();
    return reshard(stage);
  },

  /** Every row is where it belongs. */
  idle: (stage) => reshard(stage),
};

/** The histories of `clickhouseSplit`, as a reshard starts it. */
export const splitCases: Readonly<Record<string, ClickHouseCase>> = {
  done: async (stage) => {
    const partition = await stage.filled();
    const run = await reshard(stage);
    await run.result();
    return run.client.getHandle(`${lock}/${partition}`);
  },

  /** Nothing is filled for it: the next reshard would have to move that too. */
  orphan: ({ rig }) =>
    rig.start('clickhouseSplit', `${lock}/20260101`, { partition: '20260101', from: 1, to: 2, buckets: [1] }),

  /** Nothing can be copied until somebody looks after it. */
  'parked-retried': async (stage) => {
    const partition = await stage.filled();
    let broken = true;
    stage.before(async (call) => {
      if (broken && call === 'clickhouse.insertStream')
        throw new GantryError('CLICKHOUSE_DISK_FULL', 'no room, on purpose');
    });
    const run = await reshard(stage);
    const split = run.client.getHandle(`${lock}/${partition}`);
    // It is started by the reshard: not there at once.
    await until(async () => (await split.query<RunStatus, []>('status')).state === 'parked', 60_000);
    broken = false;
    await stage.rig.tell(split, 'resolve', { action: 'retry', reason: 'there is room' });
    await run.result();
    return split;
  },
};
