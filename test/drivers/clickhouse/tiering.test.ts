import { expect, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import type { ClickHouseNode, FiguresScope } from '../../../src/drivers/clickhouse/index.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import { makeRollups, rollupTable, samplesOf } from '../../support/rollups.ts';

const keys = ['customer', 'resource', 'metric'];

/** What each level says of the same rows. */
const eachLevel = async (node: ClickHouseNode, raw: FiguresScope, coarser: FiguresScope) => ({
  raw: await node.figures(rollupTable('samples'), { time: 'time', sums: ['value'], keys, scope: raw }),
  rollups: await Promise.all(
    (['samples_m5', 'samples_h1', 'samples_d1'] as const).map((table) =>
      node.figures(rollupTable(table), { time: 'time', count: 'samples', sums: ['amount'], keys, scope: coarser }),
    ),
  ),
});
const value = (rows: number): number =>
  Array.from({ length: rows }, (_, n) => (n % 9) + 1).reduce((sum, one) => sum + one, 0);

/** The shipped schema, filled; `run` speaks to the server as the lab does. */
async function proves(node: ClickHouseNode, run: (statement: string) => Promise<unknown>): Promise<void> {
  await run(samplesOf('2026-01-30'));
  await run(samplesOf('2026-01-31', 100));
  await run(samplesOf('2026-01-31', 50));
  const first = { day: '20260130', totals: ['300', String(value(300))] };
  const second = { day: '20260131', totals: ['150', String(value(100) + value(50))] };

  const day = await eachLevel(node, { partitionId: '20260131' }, { day: '20260131' });
  expect(day.raw).toMatchObject([second]);
  expect(day.raw[0]?.prints).toHaveLength(2);
  for (const rollup of day.rollups) expect(rollup).toEqual(day.raw);

  // A whole month, whether or not the rows of a roll-up are merged.
  const month = await eachLevel(node, { month: '202601' }, { partitionId: '202601' });
  expect(month.raw).toMatchObject([first, second]);
  for (const rollup of month.rollups) expect(rollup).toEqual(month.raw);
  await run('OPTIMIZE TABLE metrics.samples_m5 PARTITION 202601 FINAL');
  const merged = await eachLevel(node, { month: '202601' }, { partitionId: '202601' });
  for (const rollup of merged.rollups) expect(rollup).toEqual(month.raw);

  // Two customers' amounts changed over: the totals are as before, the prints are not.
  const changedOver = [
    ['customer-0', 5],
    ['customer-1', -5],
  ].map(
    ([who, by]) =>
      `SELECT toDateTime('2026-01-31 00:00:00', 'UTC'), '${who}', 'vm-1', 'cpu', toInt64(0), toInt64(${by}), maxState(toInt64(0))`,
  );
  for (const row of changedOver) await run(`INSERT INTO metrics.samples_m5 ${row}`);
  const wrong = (await eachLevel(node, { month: '202601' }, { partitionId: '202601' })).rollups;
  expect(wrong[0]?.[1]?.totals).toEqual(second.totals);
  expect(wrong[0]?.[1]?.prints).not.toEqual(month.raw[1]?.prints);
  // A repair of one level reaches no other.
  expect(wrong.slice(1)).toEqual([month.raw, month.raw]);
}

await describeWith(['clickhouse'], 'the shipped roll-ups on 18.16', () => {
  const rig = clickhouseRig({ shards: 1 });

  test('carry the count and the sum of every customer through all levels, and the driver adds them up', async () => {
    await makeRollups(rig.cluster.nodes, 'replicated');
    const node = await rig.open('s1r1');
    await proves(node, (statement) => rig.run('s1r1', statement));

    const other = await rig.open('s1r2');
    const m5 = rollupTable('samples_m5');
    await other.syncReplica(m5);
    const query = { time: 'time', count: 'samples', sums: ['amount'], keys, scope: { partitionId: '202601' } };
    expect(await other.figures(m5, query)).toEqual(await node.figures(m5, query));
    expect(await node.storage(m5)).toBeUndefined();
  });

  test('take negative numbers, NULLs and states of sum; what is no whole number is refused by name', async () => {
    const node = await rig.open('s1r1');
    const t = { database: 'default', table: 'figures' };
    await rig.run(
      's1r1',
      `CREATE TABLE figures (d Date, k Nullable(String), a Nullable(Int32), s AggregateFunction(sum, Int64), f Float64)
        ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY d`,
    );
    await rig.run('s1r1', `INSERT INTO figures SELECT '2026-01-01', NULL, -7, sumState(toInt64(-9)), 0.5`);
    await rig.run('s1r1', `INSERT INTO figures SELECT '2026-01-01', 'x', NULL, sumState(toInt64(12)), 0.5`);
    const query = { time: 'd', sums: ['a', 's'], keys: ['k'], scope: { partitionId: '202601' } };
    const [seen] = await node.figures(t, query);
    expect(seen?.totals.map((text) => String(BigInt.asIntN(64, BigInt(text))))).toEqual(['2', '-7', '3']);
    for (const [sums, says] of [
      [['f'], 'default.figures.f is Float64, not a whole number'],
      [['gone'], 'default.figures has no column gone'],
    ] as const)
      await expect(node.figures(t, { ...query, sums })).rejects.toMatchObject({
        code: 'CLICKHOUSE_ROLLUP_INEXACT',
        message: says,
      });
    expect(await node.figures(t, { ...query, keys: [] })).toMatchObject([{ prints: [] }]);
  });
});

await describeWith(['clickhouse-modern'], 'the shipped roll-ups on the modern engine', () => {
  test('carry the same figures, and a table knows its volumes', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    await makeRollups([server], 'single', 'tiered');
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    stopping({ stop: () => node.close() });
    await proves(node, (statement) => clickhouseCall(server, statement));
    const each = ['hot', 'warm', 'cold'].map((name) => ({ name, disks: [name] }));
    expect(await node.storage(rollupTable('samples_m5'))).toEqual({ policy: 'tiered', volumes: each });
  });
});
