import { describe, expect, onTestFinished, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse-client.ts';
import { startModernClickHouse } from '../../../lab/modern-clickhouse.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { fetchCapSetting, stagingEngine } from '../../../src/drivers/clickhouse/staging-engine.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const of = (rest: string, cap?: number): string =>
  stagingEngine(`ReplicatedMergeTree('/t/01/e', '{replica}'${rest}`, '/t/02/e__mv', cap).text;

describe('the engine of a staging table', () => {
  test.each([
    [') ORDER BY n', `) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
    [
      ") ORDER BY n SETTINGS index_granularity = 8192, storage_policy = 'hot'",
      `) ORDER BY n SETTINGS index_granularity = 8192, storage_policy = 'hot', ${fetchCapSetting} = 5`,
    ],
    // The table's own cap gives way to the platform file's.
    [
      `) ORDER BY n SETTINGS ${fetchCapSetting} = 7, index_granularity = 8192`,
      `) ORDER BY n SETTINGS index_granularity = 8192, ${fetchCapSetting} = 5`,
    ],
    [`) ORDER BY n SETTINGS ${fetchCapSetting} = 7`, `) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
    // A word in a literal is no clause.
    [") ORDER BY if(s = ' SETTINGS ', 1, 2)", `) ORDER BY if(s = ' SETTINGS ', 1, 2) SETTINGS ${fetchCapSetting} = 5`],
    [', version) ORDER BY n', `, version) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
  ])('has the cap among the settings of %s', (rest, expected) => {
    expect(of(rest, 5)).toBe(`ReplicatedMergeTree('/t/02/e__mv', '{replica}'${expected}`);
    expect(of(rest)).toBe(`ReplicatedMergeTree('/t/02/e__mv', '{replica}'${rest}`);
  });
});

await describeWith(['clickhouse'], 'a cap of what fetches take', () => {
  const lab = clickhouseRig();

  test('is none on 18.16, which says so, and a staging table is made without it', async () => {
    const node = await lab.open('s1r1');
    const t = await lab.table();
    expect(await node.capsFetches()).toBe(false);
    const staging = { database: 'db', table: `${t.table}__mv` };
    await node.createStaging(staging, t, `${t.path(1)}__mv`, 20e6);
    expect((await node.table(staging))?.engineFull).not.toContain(fetchCapSetting);
  });
});

await describeWith(['clickhouse-modern'], 'a cap of what fetches take, on a modern server', () => {
  test('is a setting of a table there, which the server takes as it is written', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    onTestFinished(() => node.close());
    expect(await node.capsFetches()).toBe(true);
    // It has no replication here; the clause is the same.
    const clause = of(') ORDER BY n', 20e6).replace(/^.*?\) /, '');
    await clickhouseCall(server, `CREATE TABLE default.capped (n UInt64) ENGINE = MergeTree ${clause}`);
    const made = await node.table({ database: 'default', table: 'capped' });
    expect(made?.engineFull).toContain(`${fetchCapSetting} = 20000000`);
  });
});
