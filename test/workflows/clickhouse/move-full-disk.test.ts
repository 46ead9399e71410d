import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SmallDisk } from '../../../lab/faults/small-disk.ts';
import { mountSmallDisk } from '../../../lab/faults/small-disk.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { reportOfRun } from '../../support/move-rig.ts';
import { day, moveScene, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

await describeWith(['temporal', 'clickhouse', 'small-disk'], 'the move to a server whose disk fills up', () => {
  const path = mkdtempSync(join(tmpdir(), 'gantry-small-'));
  let disk: SmallDisk | undefined;
  // In this order: mounted before the cluster starts, unmounted after it has ended (hooks of one file run last in, first out).
  beforeAll(async () => void (disk = await mountSmallDisk(path, 24 << 20)));
  afterAll(async () => {
    await disk?.stop();
    rmSync(path, { recursive: true });
  });
  const server = useTemporal();
  const lab = clickhouseRig({ replicas: 1, dataDirs: { s2r1: path } });

  test('parks when the fetch finds no room, throws away what it left once there is some, and is done', async () => {
    let full = false;
    const set = await moveScene(lab, server(), {
      before: async (call) => {
        if (full || call !== 'clickhouse.fetchPartition') return;
        full = true;
        disk?.fill();
      },
    });
    await set.inserter.seed(1, day, 40);
    const run = await set.rig.move(partition, 1, 2);
    const { parked } = await set.rig.reaches(run, 'parked');
    expect(parked?.trouble.code).toBe('CLICKHOUSE_DISK_FULL');
    const all = (seededBlocks + 40) * rowsPerBlock;
    expect(await set.rows()).toEqual([all, 0]);
    disk?.free();
    await set.rig.tell(run, 'resolve', { action: 'retry', reason: 'there is room again' });
    expect(await reportOfRun(run)).toMatchObject({ outcome: 'done' });
    expect(await set.rows()).toEqual([0, all]);
    expect(await set.inserter.verify(lab.cluster.node('s1r1'))).toMatchObject({ lostRows: 0, doubledRows: 0 });
  });
});
