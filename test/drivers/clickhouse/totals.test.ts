import { expect, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const columns = `d Date, n UInt64, tenant String, place Nullable(String), \`a\`\`mount\` Decimal(18, 2), owed Nullable(Int32),
  price Float64, value AggregateFunction(sum, UInt64)`;
const rows = (from: string): string =>
  `SELECT toDate('2026-01-05'), number, concat('t', toString(number % 3)), if(number % 2 = 0, NULL, 'x'),
    toDecimal64(number, 2) / 4, if(number < 6, NULL, toInt32(number) - 8), number / 3, sumState(number) FROM ${from} GROUP BY number`;
const partition = { partitionId: '202601' };
const by = ['tenant'];

/** One after another and all at once: the parts and the order of the rows differ. */
const ordered = ['numbers(9)'];
const other = [
  '(SELECT number FROM numbers(9) WHERE number % 2 = 1)',
  '(SELECT number FROM numbers(9) WHERE number % 2 = 0)',
];

type Given = { run: (statement: string) => Promise<unknown>; node: ClickHouseNode };

async function made({ run }: Given, table: string, from: readonly string[]) {
  await run(`CREATE TABLE db.${table} (${columns}) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n`);
  for (const one of from) await run(`INSERT INTO db.${table} ${rows(one)}`);
  return { database: 'db', table, ...partition };
}

async function addsUp(given: Given): Promise<void> {
  const { node, run } = given;
  const [one, two] = [await made(given, 'one', ordered), await made(given, 'two', other)];
  const billed = { name: 'billed', sum: 'a`mount', by };
  const total = await node.total(one, billed);
  expect(total).toMatchObject({
    ...{ value: '9', groups: 3 },
    each: [
      { key: ['t0'], value: '2.25' },
      { key: ['t1'], value: '3' },
      { key: ['t2'], value: '3.75' },
    ],
  });
  // Not the order, nor the parts; but whose it is, where the total is the same.
  expect(await node.total(two, billed)).toEqual(total);
  await run(`CREATE TABLE db.swapped AS db.one`);
  await run(
    `INSERT INTO db.swapped SELECT d, n, if(n = 3, 't1', if(n = 1, 't0', tenant)), place, \`a\`\`mount\`, owed, price, value FROM db.one`,
  );
  const swapped = await node.total({ ...one, table: 'swapped' }, billed);
  expect(swapped.value).toBe(total.value);
  expect(swapped.digest).not.toEqual(total.digest);

  expect(await node.total(one, { name: 'rows', by: [] })).toMatchObject({ value: '9', groups: 1 });
  expect((await node.total(one, { name: 'rows', by: ['place', 'tenant'] })).each?.[0]).toEqual({
    key: ['NULL', 't0'],
    value: '2',
  });
  // NULLs add nothing, and are no error where there is nothing else.
  expect(await node.total(one, { name: 'owed', sum: 'owed', by })).toMatchObject({ value: '-3', groups: 3 });
  expect(await node.total(one, { name: 'states', sum: 'value', by: [] })).toMatchObject({ value: '36' });
  // 1/3 + 4/3 + 7/3: rounded to millionths row by row, so that the order of the rows does not matter.
  const price = { name: 'price', sum: 'price', by };
  expect((await node.total(one, price)).each?.[1]).toEqual({ key: ['t1'], value: '3.999999' });
  expect(await node.total(two, price)).toEqual(await node.total(one, price));
  expect(await node.total({ ...one, partitionId: '209901' }, billed)).toMatchObject({ value: '0', groups: 0 });
  for (const [spec, why] of [
    [{ name: 'x', sum: 'tenant', by: [] }, /total x: db\.one\.tenant is String, which cannot be added up/],
    [{ name: 'x', by: ['none) OR (1'] }, /has no stored column none\) OR \(1/],
  ] as const)
    await expect(node.total(one, spec)).rejects.toMatchObject({
      code: 'ARCHIVE_TOTAL_UNUSABLE',
      message: expect.stringMatching(why) as string,
    });
}

await describeWith(['clickhouse'], 'a declared total on 18.16', () => {
  const rig = clickhouseRig({ shards: 1, replicas: 1 });

  test('is what the rows add up to for each of the columns it is made by, whatever their order', async () => {
    await rig.run('s1r1', 'CREATE DATABASE IF NOT EXISTS db');
    await addsUp({ node: await rig.open('s1r1'), run: (statement) => rig.run('s1r1', statement) });
  });

  test('keeps no group by itself where there are many, and still tells them apart', async () => {
    await rig.run(
      's1r1',
      'CREATE TABLE db.many (d Date, n UInt64) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n',
    );
    await rig.run('s1r1', `INSERT INTO db.many SELECT toDate('2026-01-05'), number FROM numbers(1000)`);
    const node = await rig.open('s1r1');
    const all = await node.total({ database: 'db', table: 'many', ...partition }, { name: 'n', sum: 'n', by: ['n'] });
    expect(all).toMatchObject({ value: '499500', groups: 1_000 });
    expect(all.each).toBeUndefined();
  });
});

await describeWith(['clickhouse-modern'], 'a declared total on a modern server', () => {
  test('is the same', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    const run = (statement: string): Promise<string> => clickhouseCall(server, statement);
    try {
      await run('CREATE DATABASE IF NOT EXISTS db');
      await addsUp({ node, run });
    } finally {
      await node.close();
    }
  });
});
