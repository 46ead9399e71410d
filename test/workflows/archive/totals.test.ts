import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { manifestSigner, writeManifest } from '../../../src/drivers/manifest/index.ts';
import type { BackupObject, RunReport } from '../../../src/runs/index.ts';
import type { ArchiveRig } from '../../support/archive-rig.ts';
import { archiveKey, publicKeyOf, startArchiveRig } from '../../support/archive-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { putOf, whole } from '../../support/s3-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { reportOf } from '../run/harness.ts';

const totals = {
  'usage.events': { billed: { sum: 'amount', by: ['customer'] }, calls: { by: ['d'] } },
  'usage.broken': { billed: { sum: 'customer', by: ['none'] } },
};

await describeWith(['temporal', 'clickhouse', 'redis', 's3'], 'a backup of a table with declared totals', () => {
  const server = useTemporal();
  let rig: ArchiveRig;
  /** Called before the server makes a total. */
  let before: () => Promise<unknown> = async () => undefined;
  beforeAll(async () => {
    rig = await startArchiveRig(server(), {
      archive: { sources: { clickhouse: [{ cluster: 'metrics', totals }] }, lock: 'none' },
      tables: { 'usage.events': {}, 'usage.broken': {} },
      wrapDriver: (name, driver) =>
        name !== 'clickhouse'
          ? driver
          : new Proxy(driver, {
              get: (target, key) => {
                const held: unknown = Reflect.get(target, key);
                if (key !== 'total') return held;
                return async (...given: unknown[]) => {
                  await before();
                  return (held as (...all: unknown[]) => unknown).apply(target, given);
                };
              },
            }),
    });
    await rig.sql('CREATE DATABASE usage');
    for (const table of ['events', 'broken'])
      await rig.sql(
        `CREATE TABLE usage.${table} (d Date, customer String, amount Decimal(18, 2)) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY d`,
      );
    for (const month of [1, 2]) await rig.sql(rowsOf(month, 100));
  });
  afterAll(() => rig?.stop());
  afterEach(() => (before = async () => undefined));

  const events = { sources: ['clickhouse/metrics/usage.events'] };
  const run = async (input: object = events): Promise<RunReport> =>
    (await (await rig.start('archiveBackup', input)).result()) as RunReport;
  const parts = async (): Promise<BackupObject[]> => (await rig.backup()).objects.filter(({ role }) => role === 'data');

  test('is refused in the plan where a total cannot be made', async () => {
    const error: unknown = await run({}).catch((caught: unknown) => caught);
    expect(reportOf(error).problem?.problems).toMatchObject([
      { code: 'ARCHIVE_TOTAL_UNUSABLE', place: 'metrics/usage.broken' },
    ]);
    expect(reportOf(error).problem?.message).toContain('customer is String, which cannot be added up');
  });

  test('has what each partition adds up to in its signed manifest, and the plan says what is added up', async () => {
    const report = await run();
    expect(report.outcome).toBe('done');
    expect(report.plan?.facts).toContainEqual({
      label: 'totals of usage.events of metrics',
      value: 'billed = sum(amount) by customer; calls = rows by d',
    });
    expect(report.measurements['archive.export-table.withoutTotals']).toBe(0);
    const [january] = await parts();
    // 0.5 × (0 + … + 99), of customers c0, c1 and c2.
    expect(january?.totals).toMatchObject([
      {
        ...{ name: 'billed', sum: 'amount', by: ['customer'], value: '2475', groups: 3 },
        each: [
          { key: ['c0'], value: '841.5' },
          { key: ['c1'], value: '808.5' },
          { key: ['c2'], value: '825' },
        ],
      },
      { name: 'calls', by: ['d'], value: '100', groups: 1 },
    ]);
  });

  test('carries them over with the object, and makes them of one that has none without exporting it again', async () => {
    const first = await rig.backup();
    expect((await run()).measurements['made']).toBe(1);
    expect((await parts()).map(({ totals: of }) => of)).toEqual(
      first.objects.filter(({ role }) => role === 'data').map(({ totals: of }) => of),
    );
    // As a backup is that was made before they were declared.
    const newest = await rig.backup();
    const bare = async function* (): AsyncGenerator<BackupObject> {
      for (const object of newest.objects) {
        delete object.totals;
        yield object;
      }
    };
    const signer = manifestSigner('k1', archiveKey.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, {
      k1: publicKeyOf(archiveKey),
    });
    await rig.store.put(putOf(newest.key, await whole(writeManifest(newest.header, bare(), signer))));
    expect((await parts()).map(({ totals: of }) => of)).toEqual([undefined, undefined]);
    expect((await run()).measurements['made']).toBe(1);
    expect((await parts()).map(({ totals: of }) => of?.length)).toEqual([2, 2]);
  });

  test('keeps a partition without totals where rows come in before they are made, and counts it', async () => {
    await rig.sql(rowsOf(2, 10));
    // Of the partition that is exported now; the other one has its totals.
    before = () => rig.sql(rowsOf(2, 1));
    const report = await run();
    expect(report.outcome).toBe('done');
    expect(report.measurements['archive.export-table.withoutTotals']).toBe(1);
    expect((await parts()).map(({ rows, totals: of }) => [rows, of?.length])).toEqual([
      [100, 2],
      [110, undefined],
    ]);
  });
});

const rowsOf = (month: number, rows: number): string =>
  `INSERT INTO usage.events SELECT toDate('2026-0${month}-15'), concat('c', toString(number % 3)), toDecimal64(number, 2) / 2 FROM numbers(${rows})`;
