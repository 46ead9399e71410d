import { expect, test } from 'vitest';
import { labDown, labUp } from '../../lab/index.ts';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { clickhouseCall, clickhouseRows } from '../../lab/clickhouse/client.ts';
import { until } from '../../lab/clock.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';

const path = `'/clickhouse/tables/{shard}/events', '{replica}'`;

await describeWith(['clickhouse'], 'the ClickHouse cluster of the lab', () => {
  test('replicates within a shard, spreads over shards, survives a kill and takes a third shard in', async () => {
    const cluster = stopping(
      await startClickHouseCluster({ stateDir: labFolder(), name: 'metrics', password: 'a <secret> & more' }),
    );
    const [s1r1, s1r2] = [cluster.node('s1r1'), cluster.node('s1r2')];
    await clickhouseCall(s1r1, 'CREATE DATABASE db ON CLUSTER metrics');
    await clickhouseCall(
      s1r1,
      `CREATE TABLE db.events ON CLUSTER metrics (n UInt32) ENGINE = ReplicatedMergeTree(${path}) ORDER BY n`,
    );
    await clickhouseCall(
      s1r1,
      'CREATE TABLE db.all_events AS db.events ENGINE = Distributed(metrics, db, events, rand())',
    );
    for (const [node, n] of [['s1r1', 1] as const, ['s2r2', 2] as const]) {
      await clickhouseCall(cluster.node(node), `INSERT INTO db.events VALUES (${n})`);
    }
    await s1r1.kill();
    await s1r1.restart();
    await clickhouseCall(s1r2, 'SYSTEM SYNC REPLICA db.events');
    expect(await clickhouseRows(s1r2, 'SELECT n FROM db.events')).toEqual([{ n: 1 }]);
    expect(await clickhouseRows(s1r1, 'SELECT n FROM db.all_events ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }]);

    await cluster.addShard();
    await cluster.declare({ 1: 1, 2: 1, 3: 2 });
    const seen = `SELECT shard_num AS shard, any(shard_weight) AS weight, count() AS replicas
      FROM system.clusters WHERE cluster = 'metrics' GROUP BY shard_num ORDER BY shard_num`;
    for (const node of ['s1r2', 's3r1']) {
      expect(await clickhouseRows(cluster.node(node), seen)).toEqual([
        { shard: 1, weight: 1, replicas: '2' },
        { shard: 2, weight: 1, replicas: '2' },
        { shard: 3, weight: 2, replicas: '2' },
      ]);
    }
  });

  test('makes tables read-only while ZooKeeper is gone, and writable again when it is back', async () => {
    const cluster = stopping(
      await startClickHouseCluster({ stateDir: labFolder(), name: 'metrics', shards: 1, replicas: 1 }),
    );
    const node = cluster.node('s1r1');
    await clickhouseCall(node, `CREATE TABLE events (n UInt32) ENGINE = ReplicatedMergeTree(${path}) ORDER BY n`);
    await cluster.zookeeper.kill();
    await expect(clickhouseCall(node, 'INSERT INTO events VALUES (1)')).rejects.toThrow(/Code: (225|242|999)/);
    await cluster.zookeeper.restart();
    const again = await until(
      async () => clickhouseCall(node, 'INSERT INTO events VALUES (2)').then(() => true),
      30_000,
      200,
    );
    expect(again).toBe(true);
  });

  test('comes up as a part of the lab that outlives its starter, and goes down', async () => {
    const stateDir = labFolder();
    stopping({ stop: () => labDown({ stateDir }) });
    const up = await labUp({ stateDir, parts: ['clickhouse'] });
    expect(up.map(({ name, running }) => [name, running])).toEqual([
      ['metrics-s1r1', true],
      ['metrics-s1r2', true],
      ['metrics-s2r1', true],
      ['metrics-s2r2', true],
      ['metrics-zookeeper', true],
    ]);
    expect((await labDown({ stateDir })).some(({ running }) => running)).toBe(false);
  });
});
