import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import type { SmallDisk } from '../../../lab/faults/small-disk.ts';
import { mountSmallDisk } from '../../../lab/faults/small-disk.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';

// What a move meets in a bad world, on 18.16.
const partitionId = '202601';

await describeWith(['clickhouse', 'small-disk'], 'a target disk that is full', () => {
  const path = mkdtempSync(join(tmpdir(), 'gantry-small-'));
  let disk: SmallDisk | undefined;
  // In this order: mounted before the cluster starts, unmounted after it has ended (hooks of one file run last in, first out).
  beforeAll(async () => void (disk = await mountSmallDisk(path, 24 << 20)));
  afterAll(async () => {
    await disk?.stop();
    rmSync(path, { recursive: true });
  });
  const rig = clickhouseRig({ replicas: 1, dataDirs: { s2r1: path } });

  test('a fetch that runs out of room leaves the parts that it had, and a second one takes them for the whole', async () => {
    const t = await rig.table({ columns: 'd Date, n UInt64, s String' });
    for (const from of [0, 400_000, 800_000]) {
      await rig.run(
        's1r1',
        `INSERT INTO ${t.full} SELECT '2026-01-01', number + ${from}, toString(cityHash64(number)) FROM numbers(400000)`,
      );
    }
    const target = await rig.open('s2r1');
    const staging = { database: 'db', table: `${t.table}__mv` };
    const make = () => target.createStaging(staging, t, `/clickhouse/tables/{shard}/${staging.table}`);
    await make();
    const fetch = () => target.fetchPartition({ ...staging, partitionId }, t.path(1));
    await expect(fetch()).rejects.toMatchObject({ code: 'CLICKHOUSE_DISK_FULL' });
    expect(await target.hasDetached({ ...staging, partitionId })).toBe(true);
    await expect(fetch()).rejects.toMatchObject({ code: 'CLICKHOUSE_ALREADY_DETACHED' });

    // 18.16 can't drop what is detached; the table that is ours alone can go as a whole, and takes it along.
    await target.dropTable(staging);
    await make();
    expect(await target.hasDetached({ ...staging, partitionId })).toBe(false);
    expect(await target.parts(staging)).toEqual([]);
  });

  test('an attach works on a full disk: it renames', async () => {
    const t = await rig.table({ columns: 'd Date, n UInt64, s String' });
    await rig.run('s1r1', `INSERT INTO ${t.full} SELECT '2026-01-01', number, toString(number) FROM numbers(100000)`);
    const target = await rig.open('s2r1');
    await target.fetchPartition({ ...t, partitionId }, t.path(1));
    disk?.fill();
    const attached = await target.attachPartition({ ...t, partitionId }).then(
      () => 'attached',
      (error: unknown) => (error as { code: string }).code,
    );
    disk?.free();
    expect(attached).toBe('attached');
    expect((await target.digest({ ...t, partitionId })).rows).toBe(100_000);
  });
});

await describeWith(['clickhouse'], 'a ClickHouse cluster without ZooKeeper', () => {
  const rig = clickhouseRig({ shards: 1 });

  test('refuses what changes, answers what reads, says in system.replicas what it lacks, and comes back by itself', async () => {
    const t = await rig.table();
    const node = await rig.open('s1r1');
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 1, NULL)`);
    const digest = await node.digest({ ...t, partitionId });
    await rig.cluster.zookeeper.kill();
    await expect(node.detachPartition({ ...t, partitionId }, 'own')).rejects.toMatchObject({
      code: expect.stringMatching(/^CLICKHOUSE_(KEEPER_UNAVAILABLE|TABLE_READ_ONLY)$/) as string,
    });
    await expect(node.blockNumbers({ ...t, partitionId }, t.path(1))).rejects.toMatchObject({
      code: 'CLICKHOUSE_KEEPER_UNAVAILABLE',
    });
    const replica = await until(async () => {
      const now = await node.replica(t);
      return now?.readOnly === true ? now : undefined;
    }, 20_000);
    expect(replica).toMatchObject({ sessionExpired: true, activeReplicas: 0 });
    expect(await node.digest({ ...t, partitionId })).toEqual(digest);
    await rig.cluster.zookeeper.restart();
    const back = await until(async () => (await node.replica(t))?.readOnly === false, 30_000, 100);
    expect(back).toBe(true);
    // The replicas elect a leader first. It carries the statement out, and its own queue is what `own` waits for.
    const detached = await until(async () => {
      await node.detachPartition({ ...t, partitionId }, 'own');
      return true;
    }, 20_000);
    expect(detached).toBe(true);
    expect(await until(async () => (await node.parts(t)).length === 0, 20_000)).toBe(true);
  });

  test('loses its session to a ZooKeeper that stood still, and takes a new one', async () => {
    const t = await rig.table();
    const node = await rig.open('s1r1', { timeoutMs: 60_000 });
    rig.cluster.zookeeper.freeze();
    await pause(500);
    const stuck = node.blockNumbers({ ...t, partitionId }, t.path(1)).then(
      () => 'answered',
      (error: unknown) => (error as { code: string }).code,
    );
    await pause(7_000);
    rig.cluster.zookeeper.thaw();
    expect(await stuck).toBe('CLICKHOUSE_KEEPER_UNAVAILABLE');
    const back = await until(
      async () => {
        await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 1, NULL)`);
        return true;
      },
      40_000,
      200,
    );
    expect(back).toBe(true);
  });
});
