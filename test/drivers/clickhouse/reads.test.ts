import { expect, test } from 'vitest';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const partitionId = '202601';

await describeWith(['clickhouse'], 'what the ClickHouse driver reads', () => {
  const rig = clickhouseRig();

  test('shows cluster, macros, table and replica as the server has them', async () => {
    const t = await rig.table();
    const node = await rig.open('s2r1');
    const ports = rig.cluster.nodes.map(({ tcpPort }) => tcpPort);
    expect((await node.cluster('metrics')).map(({ shard, replica, port }) => [shard, replica, port])).toEqual([
      [1, 1, ports[0]],
      [1, 2, ports[1]],
      [2, 1, ports[2]],
      [2, 2, ports[3]],
    ]);
    expect(await node.cluster('none')).toEqual([]);
    expect(await node.macros()).toEqual({ cluster: 'metrics', shard: '02', replica: 's2r1' });
    expect(await node.table(t)).toMatchObject({
      ...{ engine: 'ReplicatedMergeTree', partitionKey: 'toYYYYMM(d)', sortingKey: 'n' },
      dataPath: [`${rig.cluster.node('s2r1').dataDir}/data/db/${t.table}/`],
    });
    expect(await node.table({ database: 'db', table: 'none' })).toBeUndefined();
    expect(await node.columns(t)).toContainEqual({
      ...{ name: 's', type: 'Nullable(String)', defaultKind: '', inPartitionKey: false, inSortingKey: false },
    });
    expect(await node.replica(t)).toMatchObject({
      ...{ zookeeperPath: t.path(2), replicaName: 's2r1', readOnly: false, totalReplicas: 2, activeReplicas: 2 },
    });
  });

  test('tells what time the server has', async () => {
    const node = await rig.open('s1r1');
    const before = Math.floor(Date.now() / 1_000);
    const seconds = (await node.clock()) / 1_000;
    expect(seconds).toBeGreaterThanOrEqual(before);
    expect(seconds).toBeLessThanOrEqual(Date.now() / 1_000);
  });

  test('lists partitions and parts, and the parts’ hashes: equal on both replicas and on a copy in another shard', async () => {
    const t = await rig.table();
    const staging = { database: 'db', table: `${t.table}__mv` };
    for (const n of [1, 2]) await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-0${n}', ${n}, NULL)`);
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-02-28', 3, 'x')`);
    const [r1, r2, target] = [await rig.open('s1r1'), await rig.open('s1r2'), await rig.open('s2r1')];
    await r2.syncReplica(t);
    const day = (text: string) => Date.parse(text) / 1_000;
    expect(await r1.partitions(t)).toMatchObject([
      {
        partitionId,
        partition: '202601',
        rows: 2,
        parts: 2,
        minTimeSeconds: day('2026-01-01'),
        maxTimeSeconds: day('2026-01-02'),
        maxBlock: 1,
      },
      { partitionId: '202602', rows: 1, parts: 1, maxTimeSeconds: day('2026-02-28') },
    ]);
    const names = ['202601_0_0_0', '202601_1_1_0'];
    expect((await r1.parts(t, partitionId)).map(({ name }) => name)).toEqual(names);
    await target.createStaging(staging, t, '/clickhouse/tables/{shard}/reads__mv');
    await target.fetchPartition({ ...staging, partitionId }, t.path(1));
    await target.attachPartition({ ...staging, partitionId });
    const hashes = await r1.partHashes(`${t.path(1)}/replicas/s1r1`, names);
    expect(Object.keys(hashes).sort()).toEqual(names);
    expect(new Set(Object.values(hashes)).size).toBe(2);
    expect(await r2.partHashes(`${t.path(1)}/replicas/s1r2`, names)).toEqual(hashes);
    expect(await target.partHashes('/clickhouse/tables/02/reads__mv/replicas/s2r1', names)).toEqual(hashes);
    await expect(r1.partHashes(`${t.path(1)}/replicas/s1r1`, [...names, '202601_7_7_0'])).rejects.toMatchObject({
      code: 'CLICKHOUSE_KEEPER_NO_NODE',
    });
    await target.dropTable(staging);
    expect(await target.table(staging)).toBeUndefined();
  });

  test('shows a queue that cannot go on, with its reason', async () => {
    const t = await rig.table();
    expect(await (await rig.open('s1r2')).caughtUp(t)).toBe(true); // an empty log
    await rig.run('s1r2', `SYSTEM STOP FETCHES ${t.full}`);
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 1, NULL)`);
    const node = await rig.open('s1r2');
    await expect.poll(() => node.replicationQueue(t)).toMatchObject([{ type: 'GET_PART', newPart: '202601_0_0_0' }]);
    expect((await node.replica(t))?.queueSize).toBe(1);
    expect([await node.caughtUp(t), await (await rig.open('s1r1')).caughtUp(t)]).toEqual([false, true]);
    await rig.run('s1r2', `SYSTEM START FETCHES ${t.full}`);
    await node.syncReplica(t);
    expect(await node.replicationQueue(t)).toEqual([]);
    expect(await node.caughtUp(t)).toBe(true);
  });

  test('tells a table that no mutation and no other ALTER came to from one that they did, by what ZooKeeper has', async () => {
    const t = await rig.table();
    await rig.run('s1r1', `INSERT INTO ${t.full} SELECT '2026-01-01', number, NULL FROM numbers(10)`);
    const node = await rig.open('s1r1');
    const before = await node.tableMark(t.path(1));
    expect(before).toMatchObject({ created: 0, last: '' });
    expect(await node.mutationEntries(t.path(1))).toEqual([]);
    await rig.run('s1r1', `INSERT INTO ${t.full} SELECT '2026-01-01', number + 10, NULL FROM numbers(10)`);
    expect(await node.tableMark(t.path(1))).toEqual(before);

    await rig.run('s1r2', `ALTER TABLE ${t.full} DELETE WHERE n = 3`);
    const mutated = await node.tableMark(t.path(1));
    expect(mutated).toEqual({ ...before, created: 1, last: '0000000000' });
    // Parts of the blocks 0 and 1 are rewritten; what comes gets 3.
    expect(await node.mutationEntries(t.path(1))).toMatchObject([
      { id: '0000000000', command: expect.stringContaining('n = 3') as string, blocks: { [partitionId]: 2 } },
    ]);
    await rig.run('s1r1', `ALTER TABLE ${t.full} ADD COLUMN more UInt8`);
    const altered = await node.tableMark(t.path(1));
    expect(altered.created).toBe(1);
    expect(altered.structure).not.toBe(mutated.structure);
    expect(await node.openBlocks({ ...t, partitionId }, t.path(1))).toEqual([]);
    expect(await node.openBlocks({ ...t, partitionId: '209901' }, t.path(1))).toEqual([]);
    expect(await node.asyncInserts(t)).toBeUndefined();
  });

  test('knows which parts the replication log merges, and how old a part is by the server’s own clock', async () => {
    const t = await rig.table();
    for (const n of [1, 2]) await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-0${n}', ${n}, NULL)`);
    const node = await rig.open('s1r1');
    expect(await node.mergeEntries({ ...t, partitionId }, t.path(1))).toEqual([]);
    await rig.run('s1r1', `OPTIMIZE TABLE ${t.full} PARTITION ID '${partitionId}' FINAL`);
    expect(await node.mergeEntries({ ...t, partitionId }, t.path(1))).toMatchObject([{ part: '202601_0_1_1' }]);
    expect(await node.mergeEntries({ ...t, partitionId: '202602' }, t.path(1))).toEqual([]);
    const [[part], [partition]] = [await node.parts(t, partitionId), await node.partitions(t)];
    for (const age of [part?.ageSeconds, partition?.ageSeconds]) expect(age).toBeGreaterThanOrEqual(0);
    expect((await node.clock()) % 1_000).toBe(0);
  });

  test('digests what is in a partition: not its order, its parts or its replica, but every value and every row', async () => {
    const t = await rig.table();
    await rig.run(
      's1r1',
      `INSERT INTO ${t.full} SELECT '2026-01-01', number, if(number % 2, toString(number), NULL) FROM numbers(10)`,
    );
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-02-01', 1, 'of another partition')`);
    for (const [from, count] of [
      [5, 5],
      [0, 5],
    ] as const) {
      await rig.run(
        's2r1',
        `INSERT INTO ${t.full} SELECT '2026-01-01', number + ${from}, if((number + ${from}) % 2, toString(number + ${from}), NULL) FROM numbers(${count})`,
      );
    }
    const [r1, r2, other] = [await rig.open('s1r1'), await rig.open('s1r2'), await rig.open('s2r1')];
    await r2.syncReplica(t);
    const digest = await r1.digest({ ...t, partitionId });
    expect(digest.rows).toBe(10);
    expect(await r2.digest({ ...t, partitionId })).toEqual(digest);
    expect(await other.digest({ ...t, partitionId })).toEqual(digest);
    // One value, one NULL that became the text '' , one row twice: all three are seen.
    for (const [at, rows] of [
      `('2026-01-01', 3, '4')`,
      `('2026-01-01', 2, '')`,
      `('2026-01-01', 2, NULL), ('2026-01-01', 2, NULL)`,
    ].entries()) {
      const month = String(at + 3).padStart(2, '0');
      const [good, bad] = [`('2026-${month}-01', 3, '3')`, rows.replaceAll('2026-01', `2026-${month}`)];
      await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ${at === 0 ? good : `('2026-${month}-01', 2, NULL)`}`);
      await rig.run('s2r1', `INSERT INTO ${t.full} VALUES ${bad}`);
      const [a, b] = [
        await r1.digest({ ...t, partitionId: `2026${month}` }),
        await other.digest({ ...t, partitionId: `2026${month}` }),
      ];
      expect([a.sum, a.rows]).not.toEqual([b.sum, b.rows]);
    }
    expect(await r1.digest({ ...t, partitionId: '209901' })).toEqual({ rows: 0, sum: '0', xor: '0' });
  });

  test('digests every kind of column, states of aggregates among them', async () => {
    const columns = `d Date, n UInt64, f Float64, dec Decimal(18, 4), u UUID, e Enum8('a' = 1, 'b' = 2), ne Nullable(Float32),
      arr Array(Nullable(String)), tup Tuple(UInt8, String), fs FixedString(3), at DateTime, nested Nested(k String, v UInt8),
      total AggregateFunction(sum, UInt64), people AggregateFunction(uniq, UInt64), al UInt64 ALIAS n + 1`;
    const t = await rig.table({ columns });
    const values = `SELECT toDate('2026-01-01') AS d, number AS n, number / 3 AS f, toDecimal64(number, 4), toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0'),
      CAST('b' AS Enum8('a' = 1, 'b' = 2)), if(number = 1, NULL, toFloat32(number)), [if(number = 2, NULL, 'x')], (toUInt8(1), 'y'),
      toFixedString('abc', 3), toDateTime(number), ['k'], [toUInt8(number)], sumState(number), uniqState(number) FROM numbers(4) GROUP BY number`;
    for (const server of ['s1r1', 's2r1']) await rig.run(server, `INSERT INTO ${t.full} ${values}`);
    const [one, two] = [await rig.open('s1r1'), await rig.open('s2r1')];
    const digest = await one.digest({ ...t, partitionId });
    expect(digest).toMatchObject({ rows: 4, sum: expect.stringMatching(/^[1-9]\d+$/) as string });
    expect(await two.digest({ ...t, partitionId })).toEqual(digest);
    await rig.run(
      's2r1',
      `INSERT INTO ${t.full} ${values.replace('sumState(number)', 'sumState(number + 1)').replace('2026-01', '2026-02')}`,
    );
    await rig.run('s1r1', `INSERT INTO ${t.full} ${values.replace('2026-01', '2026-02')}`);
    const february = { ...t, partitionId: '202602' };
    expect((await two.digest(february)).sum).not.toBe((await one.digest(february)).sum);
  });

  test('knows neither disks nor how often a partition is read on 18.16, but what the parts of each table take up', async () => {
    const t = await rig.table();
    const node = await rig.open('s1r1');
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 1, NULL)`);
    expect(await node.disks()).toBeUndefined();
    expect(await node.partitionReads(t, 7)).toBeUndefined();
    const [part] = await node.parts(t);
    expect(await node.usage()).toContainEqual({
      ...{ database: 'db', table: t.table },
      bytes: part?.bytes,
      activeBytes: part?.bytes,
    });
  });
});

await describeWith(['clickhouse-modern'], 'what the ClickHouse driver reads from a modern server', () => {
  test('parts with hashes and disks, detached parts, digests as on 18.16', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    stopping({ stop: () => node.close() });
    const t = { database: 'default', table: 'events' };
    await clickhouseCall(
      server,
      `CREATE TABLE events (d Date, n UInt64, s Nullable(String), low LowCardinality(Nullable(String)))
        ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n SETTINGS storage_policy = 'tiered'`,
    );
    await clickhouseCall(server, `INSERT INTO events SELECT '2026-01-01', number, NULL, NULL FROM numbers(10)`);
    await clickhouseCall(server, `INSERT INTO events SELECT '2026-02-01', number, NULL, NULL FROM numbers(10)`);
    const before = await node.digest({ ...t, partitionId });
    expect(before).toMatchObject({ rows: 10, sum: expect.not.stringMatching(/^0$/) as string });
    expect(await node.parts(t, partitionId)).toMatchObject([
      { disk: 'hot', hash: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    ]);
    await node.movePartitionToVolume({ ...t, partitionId }, 'warm');
    expect(await node.parts(t, partitionId)).toMatchObject([{ disk: 'warm' }]);
    expect(await node.digest({ ...t, partitionId })).toEqual(before);
    expect(await node.table(t)).toMatchObject({ engine: 'MergeTree', dataPath: { length: 3 } });
    expect(await node.partitions(t)).toMatchObject([{ partitionId }, { partitionId: '202602' }]);

    expect(await node.detachedParts(t)).toEqual([]);
    await node.detachPartition({ ...t, partitionId }, 'own');
    const [detached] = (await node.detachedParts(t)) ?? [];
    expect(detached).toMatchObject({ partitionId, reason: '' });
    await node.dropDetachedPart(t, detached?.name ?? '');
    expect(await node.detachedParts(t)).toEqual([]);
  });

  test('counts the queries that read a partition of late: others’, that ended, of this table alone', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    stopping({ stop: () => node.close() });
    const t = { database: 'load', table: 'events' };
    expect(await node.partitionReads(t, 7)).toBeUndefined();

    // The embedded engine keeps no log of its own: this one has the columns and the form of a server's.
    await clickhouseCall(
      server,
      `CREATE TABLE system.query_log (event_date Date, type Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionWhileProcessing' = 4),
        query_kind LowCardinality(String), initial_query_id String, partitions Array(LowCardinality(String)))
        ENGINE = MergeTree ORDER BY event_date`,
    );
    const both = `['load.events.20260101', 'load.events.20260102']`;
    const log = [
      `today(), 'QueryFinish', 'Select', 'a', ${both}`,
      `today() - 6, 'QueryFinish', 'Select', 'b', ['load.events.20260101', 'load.events_2.20260101']`,
      `today() - 8, 'QueryFinish', 'Select', 'c', ${both}`,
      `today(), 'QueryStart', 'Select', 'd', ${both}`,
      `today(), 'ExceptionWhileProcessing', 'Select', 'd', ${both}`,
      `today(), 'QueryFinish', 'Insert', 'e', ${both}`,
      `today(), 'QueryFinish', 'Select', 'gantry:run/step:1:x-1', ${both}`,
    ];
    for (const row of log) await clickhouseCall(server, `INSERT INTO system.query_log SELECT ${row}`);
    expect(await node.partitionReads(t, 7)).toEqual([
      { partitionId: '20260101', reads: 2 },
      { partitionId: '20260102', reads: 1 },
    ]);
    expect(await node.partitionReads({ database: 'load', table: 'event' }, 7)).toEqual([]);
  });
});
