import { expect, test } from 'vitest';
import { placementIn } from '../../../src/drivers/clickhouse/buckets.ts';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { distributedEngine, distributedSettings } from '../../../src/planning/clickhouse/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const rule = { hash: 'cityHash64', column: 'n', buckets: 4 } as const;

test.each([
  ["Distributed('c', 'd', 't', [0, 1, 1, 0][((cityHash64(n) % 4) + 1)])", [0, 1, 1, 0]],
  ["Distributed('c', 'd', 't', [0, 1, 1, 0][(cityHash64(`n`) % 4) + 1])", [0, 1, 1, 0]],
  ["Distributed('c', 'd', 't', arrayElement([0, 1, 1, 0], (cityHash64(n) % 4) + 1))", [0, 1, 1, 0]],
  ["Distributed('c', 'd', 't', [0, 1][((cityHash64(n) % 4) + 1)])", undefined],
  ['Distributed(c, d, t, cityHash64(n))', undefined],
  ['Distributed(c, d, t, rand())', undefined],
])('reads the placement in %s', (engine, values) => {
  expect(placementIn(engine)).toEqual(values && { ...rule, values });
});

await describeWith(['clickhouse'], 'buckets of a table', () => {
  const rig = clickhouseRig();

  test('are counted, copied by a stream to another server and beside the source, and placed by a rule that is read back', async () => {
    const t = await rig.table();
    const [source, target] = [await rig.open('s1r1'), await rig.open('s2r1')];
    await rig.run('s1r1', `INSERT INTO ${t.full} SELECT '2026-01-01', number, NULL FROM numbers(1000)`);
    const counted = await source.bucketRows(t, rule);
    expect(counted.map(({ bucket }) => bucket)).toEqual([0, 1, 2, 3]);
    expect(counted.reduce((sum, { rows }) => sum + rows, 0)).toBe(1_000);

    const partition = { ...t, partitionId: '202601' };
    const [go, stay] = ['go', 'stay'].map((what) => ({ database: 'db', table: `${t.table}__${what}` }));
    if (!go || !stay) throw new Error('two were named');
    await target.createStaging(go, t, `${t.path(2)}__go`);
    await source.createStaging(stay, t, `${t.path(1)}__stay`);
    await target.insertStream(go, await source.bucketStream(partition, rule, { in: [1, 3] }));
    await source.copyBuckets(partition, stay, rule, { out: [1, 3] });
    expect((await target.bucketRows(go, rule)).map(({ bucket }) => bucket)).toEqual([1, 3]);
    expect((await source.bucketRows(stay, rule)).map(({ bucket }) => bucket)).toEqual([0, 2]);
    const rows = [...(await target.bucketRows(go, rule)), ...(await source.bucketRows(stay, rule))];
    expect(rows.reduce((sum, one) => sum + one.rows, 0)).toBe(1_000);

    const placed = { database: 'db', table: `${t.table}_placed` };
    const values = [0, 1, 1, 0];
    expect(await source.placement(placed)).toBeUndefined();
    await source.createDistributed(placed, { cluster: 'metrics', database: 'db', table: t.table }, { ...rule, values });
    expect(await source.placement(placed)).toEqual({ ...rule, values });
    const [next, between] = [
      { database: 'db', table: 'next' },
      { database: 'db', table: 'between' },
    ];
    await source.createDistributed(next, { cluster: 'metrics', ...t }, { ...rule, values: [1, 1, 1, 1] });
    await source.renameTables([
      [placed, between],
      [next, placed],
      [between, next],
    ]);
    expect((await source.placement(placed))?.values).toEqual([1, 1, 1, 1]);
    expect((await source.placement(next))?.values).toEqual(values);
    // A stream that no server can send is an error, not an empty one.
    await expect(source.bucketStream({ ...partition, table: 'none' }, rule, { in: [1] })).rejects.toMatchObject({
      code: 'CLICKHOUSE_UNKNOWN_TABLE',
    });
  });
});

await describeWith(['clickhouse-modern'], 'a Distributed table by a new rule', () => {
  test('has the policy and the settings that the former one was given', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    stopping({ stop: () => node.close() });
    const [events, former, next] = ['events', 'former', 'next'].map((table) => ({ database: 'default', table }));
    if (!events || !former || !next) throw new Error('three were named');
    for (const statement of [
      'CREATE TABLE events (n UInt64) ENGINE = MergeTree ORDER BY n',
      `CREATE TABLE former AS events ENGINE = Distributed(alone, default, events, cityHash64(n), 'tiered')
        SETTINGS fsync_after_insert = 1, bytes_to_throw_insert = 1000`,
    ])
      await clickhouseCall(server, statement);
    const given = (await node.table(former))?.engineFull ?? '';
    const extras = { policy: distributedEngine(given)?.policy ?? '', settings: distributedSettings(given) };
    const placed = { ...rule, values: [0, 1, 1, 0] };
    await node.createDistributed(next, { cluster: 'alone', ...events }, placed, { ...former, ...extras });
    const made = (await node.table(next))?.engineFull ?? '';
    expect(await node.placement(next)).toEqual(placed);
    expect(distributedEngine(made)).toMatchObject({ cluster: 'alone', table: 'events', policy: 'tiered' });
    expect(distributedSettings(made)).toEqual([
      ['fsync_after_insert', 1],
      ['bytes_to_throw_insert', 1000],
    ]);
  });
});
