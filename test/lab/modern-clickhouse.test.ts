import { createClient } from '@clickhouse/client';
import { expect, test } from 'vitest';
import { startModernClickHouse } from '../../lab/clickhouse/modern.ts';
import { describeWith, labFolder, stopping } from '../support/lab.ts';

await describeWith(['clickhouse-modern'], 'the modern ClickHouse of the lab', () => {
  test('answers @clickhouse/client: rows in and out, settings per statement, errors by code, volumes, a kill survived', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const client = createClient({ url: `http://${server.host}:${server.httpPort}` });
    stopping({ stop: () => client.close() });
    const rows = async (query: string, settings = {}) =>
      (await client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings })).json();

    expect((await client.ping()).success).toBe(true);
    await client.command({
      query: `CREATE TABLE events (day Date, n UInt32) ENGINE = MergeTree PARTITION BY day ORDER BY n
        SETTINGS storage_policy = 'tiered'`,
    });
    const values = [
      { day: '2026-01-01', n: 1 },
      { day: '2026-01-02', n: 2 },
    ];
    await client.insert({ table: 'events', values, format: 'JSONEachRow' });
    expect(await rows('SELECT * FROM events ORDER BY n')).toEqual(values);
    const setting = `SELECT getSetting('max_threads') AS threads`;
    const [usual] = await rows(setting);
    expect(await rows(setting, { max_threads: 7 })).toEqual([{ threads: 7 }]);
    expect(await rows(setting)).toEqual([usual]);
    await expect(rows('SELECT nothing FROM events')).rejects.toMatchObject({ code: '47' });

    await client.command({ query: `ALTER TABLE events MOVE PARTITION ID '20260101' TO VOLUME 'cold'` });
    const disks = `SELECT partition_id, disk_name FROM system.parts WHERE active AND table = 'events' ORDER BY partition_id`;
    const moved = [
      { partition_id: '20260101', disk_name: 'cold' },
      { partition_id: '20260102', disk_name: 'hot' },
    ];
    expect(await rows(disks)).toEqual(moved);
    await server.kill();
    await server.restart();
    expect(await rows(disks)).toEqual(moved);
  });
});
