import { expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../../lab/clock.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import type { MoveRigOptions } from '../../support/move-rig.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { day, moveScene, partition, seededBlocks, today } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

const seeded = seededBlocks * rowsPerBlock;
const clean = { lostRows: 0, doubledRows: 0, foreignRows: 0, examples: [] };

await describeWith(['temporal', 'clickhouse'], 'the move of a partition', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const scene = (options: Partial<MoveRigOptions> = {}): Promise<MoveScene> => moveScene(lab, server(), options);
  const digestOn = async (node: string, { name }: MoveScene) =>
    (await lab.open(node)).digest({ ...name, partitionId: partition });

  test('is done under inserts and a reader: every row once, equal digests, and no total wrong for long', async () => {
    const at = lab.cluster.node('s1r1');
    const set = await scene();
    const { inserter, rig, rows, full } = set;
    const before = await digestOn('s1r1', set);
    const reader = stopping(
      startTotalsReader({
        ...{ server: at, table: `${full}_all`, days: [today, day] },
        bounds: (of) => inserter.ledger.bounds(of),
      }),
    );
    inserter.start();
    await until(async () => inserter.ledger.acknowledged() > 65, 10_000);
    const report = await reportOfRun(await rig.move(partition, 1, 2));
    await inserter.stop();
    const wrong = await reader.stop();
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true, leftBehind: [] });
    expect(await rows()).toEqual([0, 0, seeded, seeded]);
    for (const server of ['s2r1', 's2r2']) {
      expect(await digestOn(server, set)).toEqual(before);
    }
    expect(await inserter.verify(at)).toMatchObject(clean);
    expect(wrong.filter(({ under }) => under < 0)).toEqual([]);
    // A share of the run, whatever the machine: 150 ms of 3 s on two cores with a load of 12. The figure is the bench's.
    expect(Math.max(0, ...wrong.map(({ ms }) => ms))).toBeLessThan(report.ms / 2);
  });

  test('says how long the fetch took, without what its step does before and after it', async () => {
    let [fromMs, toMs] = [0, 0];
    const { rig } = await scene({
      before: async (call) => {
        if (call !== 'clickhouse.hasDetached' && call !== 'clickhouse.attachPartition') return;
        if (call === 'clickhouse.attachPartition' && toMs === 0) toMs = monotonicMs();
        await pause(1_000);
        if (toMs === 0) fromMs = monotonicMs();
      },
    });
    const { measurements } = await reportOfRun(await rig.move(partition, 1, 2));
    expect(measurements['clickhouse.copy.fetchedBytes']).toBeGreaterThan(0);
    expect(measurements['clickhouse.copy.fetchMs']).toBeLessThanOrEqual(toMs - fromMs);
  });

  test('aborted before the cutover leaves nothing: no staging table, the same rows and digest', async () => {
    const held: { run?: () => Promise<void> } = {};
    const set = await scene({
      before: async (call) => {
        // The first look of the step that stops the merges: what is asked for then takes effect before it acts.
        if (call !== 'clickhouse.merges' || !held.run) return;
        const act = held.run;
        delete held.run;
        await act();
      },
    });
    const { rig, rows, name } = set;
    const before = await digestOn('s1r1', set);
    const started = rig.move(partition, 1, 2);
    held.run = async () => rig.tell(await started, 'abort', { reason: 'enough of it' });
    const report = await reportOfRun(await started);
    expect(report).toMatchObject({ outcome: 'aborted', pastNoReturn: false, leftBehind: [] });
    expect(report.steps.filter(({ state }) => state === 'undone').map(({ title }) => title)).toEqual([
      'make the staging table',
    ]);
    expect(await rows()).toEqual([seeded, seeded, 0, 0]);
    expect(await digestOn('s1r1', set)).toEqual(before);
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
    expect(report.plan?.warnings.join()).not.toContain('maxFetchRate');
  });

  test('says beforehand that these servers cannot cap the copy, and is made without the cap', async () => {
    const { rig, rows } = await scene({ settings: { maxFetchRate: '20MB' } });
    const report = await reportOfRun(await rig.move(partition, 1, 2));
    expect(report.outcome).toBe('done');
    expect(report.plan?.warnings).toContainEqual(
      expect.stringMatching(/`maxFetchRate` of 20 MB\/s cannot be kept: s2r1 and s2r2 cannot cap/),
    );
    expect(await rows()).toEqual([0, 0, seeded, seeded]);
  });
});
