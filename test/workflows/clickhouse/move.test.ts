import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { InserterOptions } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { MoveRigOptions } from '../../support/move-rig.ts';
import { reportOfRun, startMoveRig } from '../../support/move-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

const [today, day, partition] = ['2026-02-01', '2026-01-01', '20260101'];
const clean = { lostRows: 0, doubledRows: 0, foreignRows: 0, examples: [] };

await describeWith(['temporal', 'clickhouse'], 'the move of a partition', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  let tables = 0;

  /** A table with a closed day on shard 1, and load on another day. */
  async function scene(options: Partial<MoveRigOptions> = {}, load: Partial<InserterOptions> = {}) {
    tables += 1;
    const events = { cluster: 'metrics', database: 'load', table: `m${tables}` };
    await createEvents(lab.cluster.nodes, events);
    const shards = [1, 2].map((shard) => lab.cluster.shard(shard));
    const inserter = stopping(createInserter({ shards, events, today, perSecond: 10, ...load }));
    await inserter.seed(1, day, 60);
    const name = { database: 'load', table: events.table };
    const rig = stopping(
      await startMoveRig({ server: server(), cluster: lab.cluster, table: `load.${events.table}`, ...options }),
    );
    const at = lab.cluster.node('s1r1');
    const totals = () =>
      stopping(
        startTotalsReader({
          ...{ server: at, table: `load.${events.table}_all`, days: [today, day] },
          bounds: (of) => inserter.ledger.bounds(of),
        }),
      );
    const rows = async () =>
      Promise.all(
        ['s1r1', 's1r2', 's2r1', 's2r2'].map(async (node) =>
          Number(await lab.run(node, `SELECT count() FROM load.${events.table} WHERE day = '${day}'`)),
        ),
      );
    return { inserter, rig, name, totals, rows, at, full: `load.${events.table}` };
  }

  test('is done under inserts and a reader: every row once, equal digests, and no total wrong for long', async () => {
    const { inserter, rig, totals, rows, at, name } = await scene();
    const before = await (await lab.open('s1r1')).digest({ ...name, partitionId: partition });
    const reader = totals();
    inserter.start();
    await until(async () => inserter.ledger.acknowledged() > 65, 10_000);
    const report = await reportOfRun(await rig.move(partition, 1, 2));
    await inserter.stop();
    const wrong = await reader.stop();
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true, leftBehind: [] });
    expect(await rows()).toEqual([0, 0, 60 * rowsPerBlock, 60 * rowsPerBlock]);
    for (const server of ['s2r1', 's2r2']) {
      expect(await (await lab.open(server)).digest({ ...name, partitionId: partition })).toEqual(before);
    }
    expect(await inserter.verify(at)).toMatchObject(clean);
    expect(Math.max(0, ...wrong.map(({ ms }) => ms))).toBeLessThan(1_000);
  });

  test('aborted before the cutover leaves nothing: no staging table, the same rows and digest', async () => {
    const held: { run?: () => Promise<void> } = {};
    const { rig, rows, name } = await scene({
      before: async (call) => {
        // The first look of the step that stops the merges: what is asked for then takes effect before it acts.
        if (call !== 'clickhouse.merges' || !held.run) return;
        const act = held.run;
        delete held.run;
        await act();
      },
    });
    const before = await (await lab.open('s1r1')).digest({ ...name, partitionId: partition });
    const started = rig.move(partition, 1, 2);
    held.run = async () => rig.tell(await started, 'abort', { reason: 'enough of it' });
    const report = await reportOfRun(await started);
    expect(report).toMatchObject({ outcome: 'aborted', pastNoReturn: false, leftBehind: [] });
    expect(report.steps.filter(({ state }) => state === 'undone').map(({ title }) => title)).toEqual([
      'make the staging table',
    ]);
    expect(await rows()).toEqual([60 * rowsPerBlock, 60 * rowsPerBlock, 0, 0]);
    const source = await lab.open('s1r1');
    expect(await source.digest({ ...name, partitionId: partition })).toEqual(before);
    for (const node of ['s2r1', 's2r2']) {
      expect(await lab.run(node, `SELECT name FROM system.tables WHERE name LIKE '${name.table}__mv%'`)).toBe('');
    }
    expect(await lab.run('s2r1', `EXISTS TABLE load.${name.table}`)).toBe('1\n');
  });

  test('is refused when nobody who holds the table has started it; a dry run shows its plan', async () => {
    const { rig } = await scene();
    const id = `clickhouse/metrics/${rig.table}/${partition}`;
    const alone = await rig.start('clickhouseMove', id, { partition, from: 1, to: 2 });
    await expect(alone.result()).rejects.toMatchObject({
      cause: { type: 'NEEDS_PARENT_RUN', message: expect.stringContaining('gantry clickhouse rebalance') as string },
    });
    const dry = await rig.start('clickhouseMove', `dry-run/${id}`, { partition, from: 1, to: 2, dryRun: true });
    const report = await reportOfRun(dry);
    expect(report.outcome).toBe('planned');
    expect(report.plan?.actions.filter(({ reversible }) => reversible).at(-1)?.step).toBe('clickhouse.hold-ingest');
    expect(report.plan?.irreversible.join()).toContain('undo-move');
  });
});
