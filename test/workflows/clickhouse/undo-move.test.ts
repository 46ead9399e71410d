import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { insertBlocks, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { day, moveScene, partition, seededBlocks } from '../../support/move-scene.ts';
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

  test('is refused once the target got another row; a move in the other direction brings all of it back', async () => {
    const set = await moveScene(lab, server());
    expect((await reportOfRun(await set.rig.move(partition, 1, 2))).outcome).toBe('done');
    const first = set.inserter.ledger.reserve(1);
    await insertBlocks(
      lab.cluster.node('s2r1'),
      { database: 'load', table: set.name.table },
      { day, firstBlock: first },
    );
    expect(await refused(set)).toMatchObject({
      type: 'CLICKHOUSE_UNDO_UNSAFE',
      message: expect.stringContaining('move it from shard 2 to shard 1 instead') as string,
    });
    const all = seeded + rowsPerBlock;
    expect(await set.rows()).toEqual([0, 0, all, all]);
    const report = await reportOfRun(await set.rig.move(partition, 2, 1));
    expect(report.outcome).toBe('done');
    expect(report.plan?.warnings.join()).toContain('from before');
    expect(await set.rows()).toEqual([all, all, 0, 0]);
  });

  test('is refused without a report of the move, and when the source has not kept its parts', async () => {
    const set = await moveScene(lab, server());
    expect(await refused(set)).toMatchObject({ type: 'CLICKHOUSE_UNDO_UNSAFE' });
    const moved = await reportOfRun(await set.rig.move(partition, 1, 2));
    const proof = moved.steps.find(({ step }) => step === 'clickhouse.prove-move')?.after;
    const { kept } = proof as { kept: { on: { server: string; folder: string; parts: string }[] } };
    expect(kept.on.map((one) => one.server).sort()).toEqual(['s1r1', 's1r2']);
    // What the report says is to be removed once the time is over.
    for (const { folder, parts } of kept.on) {
      const ours = readdirSync(folder).filter((name) => name.startsWith(parts.replace('*', '')));
      expect(ours.length).toBeGreaterThan(0);
      for (const name of ours) rmSync(join(folder, name), { recursive: true });
    }
    expect(await refused(set)).toMatchObject({
      type: 'CLICKHOUSE_UNDO_UNSAFE',
      message: expect.stringContaining('has not kept its parts') as string,
    });
    expect(await set.rows()).toEqual([0, 0, seeded, seeded]);
  });
});
