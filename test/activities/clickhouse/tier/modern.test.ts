import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clickhouseCall, clickhouseRows } from '../../../../lab/clickhouse/client.ts';
import type { ModernClickHouse } from '../../../../lab/clickhouse/modern.ts';
import { startModernClickHouse } from '../../../../lab/clickhouse/modern.ts';
import { describeWith } from '../../../support/lab.ts';
import { daysAgo, deletingTtl, makeRollups, rollupTables, samplesOf, tampered } from '../../../support/rollups.ts';
import { run, tierScene } from './scene.ts';

await describeWith(['clickhouse-modern'], 'tiering on the modern engine', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let server: ModernClickHouse;
  beforeAll(async () => void (server = await startModernClickHouse({ stateDir })), 90_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const table of rollupTables) await sql(`DROP TABLE IF EXISTS metrics.${table} SYNC`);
    for (const level of ['m5', 'h1', 'd1']) await sql(`DROP TABLE IF EXISTS metrics.samples_to_${level} SYNC`);
    await makeRollups([server], 'single', 'tiered');
  });
  const sql = (statement: string): Promise<string> => clickhouseCall(server, statement);
  const one = () => [{ ...server, host: server.host, httpPort: server.httpPort, name: 'ch-1', shard: 1, replica: 1 }];
  const disksOf = async (table: string): Promise<Record<string, string>> => {
    const rows = await clickhouseRows<{ id: string; disk: string }>(
      server,
      `SELECT DISTINCT partition_id AS id, disk_name AS disk FROM system.parts WHERE active AND table = '${table}' ORDER BY id`,
    );
    return Object.fromEntries(rows.map(({ id, disk }) => [id, disk]));
  };
  const totals = (table: string): Promise<string> =>
    sql(
      `SELECT count(), sum(cityHash64(toString(time), customer)) FROM metrics.${table} FINAL`.replace(
        'samples FINAL',
        'samples',
      ),
    );

  test('moves a closed partition to its tier’s volume, the same rows before and after, and back', async () => {
    const [closed, open] = [daysAgo(70), daysAgo(0)];
    await sql(samplesOf(closed.date));
    await sql(samplesOf(open.date, 3));
    const { plan, activities } = tierScene(one());
    const before = await totals('samples_h1');
    const planned = await plan('samples_h1');
    expect(planned.data.moves).toMatchObject([
      { server: 'ch-1', partition: closed.month, volume: 'warm', from: ['hot'] },
    ]);
    expect(planned.data.expiries).toEqual([]);
    const [move] = planned.data.moves;
    if (!move) throw new Error('it plans one move');

    const first = await run(activities.clickhouseMoveToVolume, 'inspect', move);
    expect(first).toMatchObject({ verdict: 'todo', before: { digest: move.digest } });
    const moved = await run(activities.clickhouseMoveToVolume, 'ensure', move, { before: first.before });
    expect(moved).toMatchObject({ verdict: 'done', changed: true, after: { digest: move.digest } });
    expect(await disksOf('samples_h1')).toEqual({ [closed.month]: 'warm', [open.month]: 'hot' });
    expect(await totals('samples_h1')).toBe(before);
    // Called again it finds it done; planning again gives nothing.
    expect(await run(activities.clickhouseMoveToVolume, 'ensure', move)).toMatchObject({ changed: false });
    expect((await plan('samples_h1')).data).toMatchObject({ idle: true, moves: [] });

    await run(activities.clickhouseMoveToVolume, 'undo', move, { before: first.before });
    expect((await disksOf('samples_h1'))[closed.month]).toBe('hot');
    expect(await totals('samples_h1')).toBe(before);
  });

  test('leaves a partition to the next run that does not hold the planned rows, before it touches it', async () => {
    const closed = daysAgo(70);
    await sql(samplesOf(closed.date));
    const { plan, activities } = tierScene(one());
    const [move] = (await plan('samples_h1')).data.moves;
    if (!move) throw new Error('it plans one move');
    await sql(samplesOf(closed.date, 1));
    const report = await run(activities.clickhouseMoveToVolume, 'ensure', move);
    expect(report).toMatchObject({ verdict: 'done', changed: false, after: { left: true } });
    expect(report.summary).toMatch(/is left to the next run: .* when planned; .* now/);
    expect(await disksOf('samples_h1')).toEqual({ [closed.month]: 'hot' });
  });

  test('leaves a partition whose volume has no room, in the plan and at the step', async () => {
    await sql(samplesOf(daysAgo(70).date));
    const roomy = tierScene(one());
    const full = tierScene(one(), { reserve: 0.9 });
    const [move] = (await roomy.plan('samples_h1')).data.moves;
    if (!move) throw new Error('it plans one move');
    const planned = await full.plan('samples_h1');
    expect(planned.data).toMatchObject({ idle: true, moves: [] });
    expect(planned.warnings.join()).toContain('CLICKHOUSE_VOLUME_FULL: warm of ch-1 takes');
    await expect(run(full.activities.clickhouseMoveToVolume, 'ensure', move)).rejects.toMatchObject({
      type: 'CLICKHOUSE_VOLUME_FULL',
    });
  });

  test('expires what is proven; what a tampered roll-up no longer proves stays, with both figures, until it is repaired', async () => {
    const [due, kept] = [daysAgo(9), daysAgo(3)];
    await sql(samplesOf(due.date));
    await sql(samplesOf(kept.date));
    const { plan, activities } = tierScene(one());
    const planned = await plan('samples');
    expect(planned.data).toMatchObject({ moves: [], overdue: [], expiries: [{ partition: due.day }] });
    expect(planned.irreversible).toEqual([`${due.day} of metrics.samples is dropped on every replica.`]);
    const [expiry] = planned.data.expiries;
    if (!expiry) throw new Error('it plans one expiry');
    const proof = await run(activities.clickhouseProveRollup, 'inspect', expiry);
    expect(proof).toMatchObject({ verdict: 'done', after: { rows: '300' } });
    const proven = { ...expiry, proof: proof.after.reading };

    // Somebody takes one sample out of the roll-up after the plan and the proof.
    await sql(tampered(due.date, -1, -4));
    const date = due.date;
    const says = `metrics.samples ${due.day}: ${date}: count 300 here, 299 in metrics.samples_m5; ${date}: amount 1491 here, 1487 in metrics.samples_m5`;
    expect(await run(activities.clickhouseProveRollup, 'inspect', expiry)).toMatchObject({
      ...{ verdict: 'blocked', blockedBy: 'CLICKHOUSE_ROLLUP_DIFFERS', summary: says },
    });
    await expect(run(activities.clickhouseExpirePartition, 'ensure', proven)).rejects.toMatchObject({
      ...{ type: 'CLICKHOUSE_ROLLUP_DIFFERS', nonRetryable: true, message: says },
    });
    expect(Object.keys(await disksOf('samples'))).toEqual([due.day, kept.day]);
    expect((await plan('samples')).data).toMatchObject({
      ...{ idle: true, expiries: [] },
      overdue: [{ partition: due.day, code: 'CLICKHOUSE_ROLLUP_DIFFERS' }],
    });

    await sql(tampered(due.date, 1, 4));
    expect((await plan('samples')).hash).toBe(planned.hash);
    const seen = await run(activities.clickhouseExpirePartition, 'inspect', proven);
    expect(seen).toMatchObject({ verdict: 'todo', begun: false });
    const expired = await run(activities.clickhouseExpirePartition, 'ensure', proven, { before: seen.before });
    expect(expired).toMatchObject({ verdict: 'done', changed: true });
    expect(Object.keys(await disksOf('samples'))).toEqual([kept.day]);
    expect((await plan('samples')).data).toMatchObject({ idle: true, overdue: [] });
    expect(await run(activities.clickhouseExpirePartition, 'ensure', proven)).toMatchObject({ changed: false });
  });

  test('does not take equal totals for a proof when they are not of the same customers', async () => {
    const due = daysAgo(9);
    await sql(samplesOf(due.date));
    for (const [who, amount] of [
      ['customer-0', 5],
      ['customer-1', -5],
    ] as const)
      await sql(`INSERT INTO metrics.samples_m5 SELECT toDateTime('${due.date} 00:00:00', 'UTC'), '${who}', 'vm-1', 'cpu',
        toInt64(0), toInt64(${amount}), maxState(toInt64(0))`);
    const { data } = await tierScene(one()).plan('samples');
    expect(data.overdue).toMatchObject([{ why: `${due.date}: amount 1491 in both, but not of the same keys` }]);
  });

  test('keeps a month of a roll-up until the level before has none of its days left', async () => {
    const old = daysAgo(70);
    await sql(samplesOf(old.date));
    const { plan } = tierScene(one());
    expect((await plan('samples_m5')).data).toMatchObject({
      ...{ expiries: [], overdue: [{ partition: old.month, code: 'CLICKHOUSE_ROLLUP_OPEN' }] },
    });
    await sql(`ALTER TABLE metrics.samples DROP PARTITION ID '${old.day}'`);
    expect((await plan('samples_m5')).data).toMatchObject({ expiries: [{ partition: old.month }], overdue: [] });
  });

  test('expires nothing of which no backup is known, where the platform file asks for one', async () => {
    const due = daysAgo(9);
    await sql(samplesOf(due.date));
    const backup = (...confirm: string[]) => ({ backup: { kind: 'command', confirm } });
    const none = tierScene(one(), backup('sh', '-c', 'echo nothing of $0; exit 1', '{partition}'));
    expect((await none.plan('samples')).data.overdue).toMatchObject([
      { code: 'CLICKHOUSE_NOT_BACKED_UP', why: `no backup: sh ended with 1: nothing of ${due.day}` },
    ]);
    const missing = tierScene(one(), backup('/no/such/program'));
    expect((await missing.plan('samples')).data.expiries).toEqual([]);
    const known = tierScene(one(), backup('test', '{cluster}/{database}/{table}', '=', 'metrics/metrics/samples'));
    expect((await known.plan('samples')).data.expiries).toMatchObject([{ partition: due.day }]);
  });

  test('takes what deletes off a TTL without a rewrite, expires nothing before that, and can put it back', async () => {
    const due = daysAgo(9);
    await sql('SYSTEM STOP TTL MERGES');
    await sql(samplesOf(due.date));
    await sql(deletingTtl);
    const { plan, activities } = tierScene(one());
    const { data } = await plan('samples');
    expect(data.overdue).toMatchObject([
      { code: 'CLICKHOUSE_NATIVE_TTL', why: 'ch-1 deletes rows by itself (TTL time + toIntervalDay(60))' },
    ]);
    const [align] = data.aligns;
    if (!align) throw new Error('it plans to align the table');
    const first = await run(activities.clickhouseAlignTable, 'inspect', align);
    expect(await run(activities.clickhouseAlignTable, 'ensure', align, { before: first.before })).toMatchObject({
      ...{ verdict: 'done', changed: true },
      after: { ttl: "time + toIntervalDay(1) TO VOLUME 'warm'", policy: 'tiered' },
    });
    expect(await run(activities.clickhouseAlignTable, 'ensure', align)).toMatchObject({ changed: false });
    expect((await plan('samples')).data).toMatchObject({ aligns: [], overdue: [], expiries: [{ partition: due.day }] });

    await run(activities.clickhouseAlignTable, 'undo', align, { before: first.before });
    expect((await plan('samples')).data.aligns).toEqual(data.aligns);
    expect(await sql(`SELECT count() FROM system.mutations WHERE table = 'samples'`)).toBe('0\n');

    await sql('ALTER TABLE metrics.samples REMOVE TTL SETTINGS materialize_ttl_after_modify = 0');
    await expect(
      run(activities.clickhouseAlignTable, 'ensure', { ...align, ttl: { from: 'another', deletes: 'x', to: 'y' } }),
    ).rejects.toMatchObject({ type: 'CLICKHOUSE_DECLARATION_CHANGED' });
    await sql('SYSTEM START TTL MERGES');
  });

  test.each([0, 1])('keeps rows whose time by the former TTL is over, with ttl_only_drop_parts = %d', async (drops) => {
    await sql('SYSTEM STOP TTL MERGES');
    const due = daysAgo(9);
    await sql(`ALTER TABLE metrics.samples MODIFY SETTING ttl_only_drop_parts = ${drops}, merge_with_ttl_timeout = 0`);
    await sql(`ALTER TABLE metrics.samples MODIFY TTL time + INTERVAL 1 DAY, time + INTERVAL 400 DAY TO VOLUME 'warm'
      SETTINGS materialize_ttl_after_modify = 0`);
    // Two parts that know a time to be deleted at which is over.
    for (const rows of [100, 200]) await sql(samplesOf(due.date, rows));
    const overdue = `SELECT min(delete_ttl_info_max) < now() AND min(delete_ttl_info_max) > toDateTime(1)
      FROM system.parts WHERE active AND database = 'metrics' AND table = 'samples'`;
    expect(await sql(overdue)).toBe('1\n');
    // The same rows in a table that nobody aligns.
    await sql('CREATE TABLE metrics.control AS metrics.samples');
    await sql(samplesOf(due.date, 100).replace('metrics.samples', 'metrics.control'));
    const { plan, activities } = tierScene(one());
    for (const align of (await plan('samples')).data.aligns)
      await run(activities.clickhouseAlignTable, 'ensure', align);
    await sql('SYSTEM START TTL MERGES');
    for (const table of ['samples', 'control']) await sql(`OPTIMIZE TABLE metrics.${table} FINAL`);
    expect(await sql('SELECT count() FROM metrics.samples')).toBe('300\n');
    expect(await sql('SELECT count() FROM metrics.control')).toBe('0\n');
    await sql('DROP TABLE metrics.control SYNC');
  });

  test('gives a table the policy that is declared, and moves in the next run', async () => {
    const closed = daysAgo(70);
    await sql(samplesOf(closed.date));
    const { plan, activities } = tierScene(one(), { storagePolicy: 'tiered_and_frozen' });
    const { data } = await plan('samples_h1');
    expect(data.moves).toEqual([]);
    for (const align of data.aligns) {
      const aligned = await run(activities.clickhouseAlignTable, 'ensure', align);
      expect(aligned).toMatchObject({ changed: true, after: { policy: 'tiered_and_frozen' } });
    }
    expect((await plan('samples_h1')).data).toMatchObject({ aligns: [], moves: [{ partition: closed.month }] });
  });

  test('refuses a table that is no level of a family, naming those that are', async () => {
    await expect(tierScene(one()).plan('samples_to_m5')).rejects.toMatchObject({
      type: 'CLICKHOUSE_NO_FAMILY',
      message: expect.stringContaining('known: metrics.samples, metrics.samples_d1') as string,
    });
  });
});
