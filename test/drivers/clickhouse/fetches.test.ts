import { expect, onTestFinished, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { fetchCapSetting, stagingEngine } from '../../../src/drivers/clickhouse/staging-engine.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

await describeWith(['clickhouse'], 'what fetches take of the network', () => {
  const lab = clickhouseRig();

  test('cannot be capped on 18.16, nor asked after; a staging table is made without the cap', async () => {
    const node = await lab.open('s1r1');
    const t = await lab.table();
    expect(await node.capsFetches()).toBe(false);
    expect(await node.fetches(t)).toBeUndefined();
    const staging = { database: 'db', table: `${t.table}__mv` };
    await node.createStaging(staging, t, `${t.path(1)}__mv`, 20e6);
    expect((await node.table(staging))?.engineFull).not.toContain(fetchCapSetting);
  });
});

await describeWith(['clickhouse-modern'], 'what fetches take of the network of a modern server', () => {
  test('can be capped by a setting of the table, which the server takes as it is written, and can be asked after', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    onTestFinished(() => node.close());
    expect(await node.capsFetches()).toBe(true);
    expect(await node.fetches({ database: 'default', table: 'capped' })).toEqual([]);
    // It has no replication here; the clause is the same.
    const engine = stagingEngine("ReplicatedMergeTree('/t/01/e', '{replica}') ORDER BY n", '/t/02/e', 20e6);
    const clause = engine.text.replace(/^.*?\) /, '');
    await clickhouseCall(server, `CREATE TABLE default.capped (n UInt64) ENGINE = MergeTree ${clause}`);
    const made = await node.table({ database: 'default', table: 'capped' });
    expect(made?.engineFull).toContain(`${fetchCapSetting} = 20000000`);
  });
});
