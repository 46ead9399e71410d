import { expect, test } from 'vitest';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { day, moveScene, once, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

const seeded = seededBlocks * rowsPerBlock;

await describeWith(['temporal', 'clickhouse'], 'the way back of a move', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const digestOn = async (node: string, { name }: MoveScene) =>
    (await lab.open(node)).digest({ ...name, partitionId: partition });
  const refused = async (set: MoveScene): Promise<unknown> => {
    const run = await set.rig.undo(partition);
    return run.result().then(
      () => 'it was not refused',
      (error: { cause?: unknown }) => error.cause,
    );
  };

  test('gives the source its parts back: rows and digests as before the move, and no row missing on the way', async () => {
    const set = await moveScene(lab, server());
    const before = await digestOn('s1r1', set);
    expect((await reportOfRun(await set.rig.move(partition, 1, 2))).outcome).toBe('done');
    expect(await set.rows()).toEqual([0, 0, seeded, seeded]);
    const reader = stopping(
      startTotalsReader({
        ...{ server: lab.cluster.node('s1r1'), table: `${set.full}_all`, days: [day] },
        bounds: (of) => set.inserter.ledger.bounds(of),
      }),
    );
    const report = await reportOfRun(await set.rig.undo(partition, { reason: 'it was a mistake' }));
    const wrong = await reader.stop();
    expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true, leftBehind: [] });
    expect(await set.rows()).toEqual([seeded, seeded, 0, 0]);
    for (const node of ['s1r1', 's1r2']) expect(await digestOn(node, set)).toEqual(before);
    expect(wrong.filter(({ under }) => under < 0)).toEqual([]);
    expect(await set.inserter.verify(lab.cluster.node('s2r2'))).toMatchObject({ lostRows: 0, doubledRows: 0 });
  });

  test('gives back what the source merged between the copy and the cutover: other parts of the same rows', async () => {
    const happens = once();
    const set = await moveScene(lab, server(), happens);
    await set.inserter.seed(1, day, 5);
    const all = seeded + 5 * rowsPerBlock;
    const before = await digestOn('s1r1', set);
    // What was fetched is attached to the staging table.
    happens.on('clickhouse.attachPartition', () => set.merge(1));
    expect((await reportOfRun(await set.rig.move(partition, 1, 2))).outcome).toBe('done');
    expect(await set.rows()).toEqual([0, 0, all, all]);
    expect((await reportOfRun(await set.rig.undo(partition))).outcome).toBe('done');
    expect(await set.rows()).toEqual([all, all, 0, 0]);
    for (const node of ['s1r1', 's1r2']) expect(await digestOn(node, set)).toEqual(before);
  });

  test('is refused without a report of the move, and after it has been taken back', async () => {
    const set = await moveScene(lab, server());
    expect(await refused(set)).toMatchObject({ type: 'CLICKHOUSE_UNDO_UNSAFE' });
    expect((await reportOfRun(await set.rig.move(partition, 1, 2))).outcome).toBe('done');
    expect((await reportOfRun(await set.rig.undo(partition))).outcome).toBe('done');
    expect(await refused(set)).toMatchObject({
      type: 'CLICKHOUSE_PARTITION_UNKNOWN',
      message: expect.stringContaining('it was already moved back') as string,
    });
    expect(await set.rows()).toEqual([seeded, seeded, 0, 0]);
  });
});
