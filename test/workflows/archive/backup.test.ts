import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { startRedisNode } from '../../../lab/redis/node.ts';
import { manifestSigner, writeManifest } from '../../../src/drivers/manifest/index.ts';
import type { BackupObject, RunReport, RunStatus } from '../../../src/runs/index.ts';
import type { ArchiveRig } from '../../support/archive-rig.ts';
import { archivePrefix, publicKeyOf, redisFolder, startArchiveRig } from '../../support/archive-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import { resolveNow } from '../../support/parked.ts';
import { putOf, whole } from '../../support/s3-rig.ts';
import { useTemporal } from '../../support/temporal.ts';
import { reportOf } from '../run/harness.ts';

await describeWith(['temporal', 'clickhouse', 'redis', 's3'], 'a backup', () => {
  const server = useTemporal();
  let rig: ArchiveRig;
  /** Called before each call of a driver: `clickhouse.exportPartition`. */
  let before: (call: string) => Promise<void> = async () => undefined;
  beforeAll(async () => {
    rig = await startArchiveRig(server(), {
      archive: { retention: '30d', fullEvery: '7d' },
      wrapDriver: (name, driver) => calling(name, driver, (call) => before(call)),
    });
    await rig.sql('CREATE DATABASE usage');
    await rig.sql(
      'CREATE TABLE usage.events (d Date, n UInt64, s Nullable(String)) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n',
    );
    for (const month of [1, 2, 3]) await rig.sql(rowsOf(month, 2_000));
    await withRedis(rig.redis.node('r1'), undefined, async (client) => {
      for (let n = 0; n < 500; n += 1) await client.set(`session:${n}`, `value ${n}`);
      await client.wait(1, 10_000);
    });
  });
  afterAll(() => rig?.stop());
  afterEach(() => {
    rig.s3.faults.clear();
    before = async () => undefined;
  });

  const done = async (input: object = {}): Promise<RunReport> =>
    (await (await rig.start('archiveBackup', input)).result()) as RunReport;
  const lock = (): WorkflowHandle => server().client.workflow.getHandle('archive/main');
  const parked = async (): Promise<NonNullable<RunStatus['parked']>> => {
    const seen = await until(async () => (await lock().query<RunStatus>('status')).parked, 60_000);
    if (!seen) throw new Error('it does not park');
    return seen;
  };
  const rowsOfTable = (objects: readonly BackupObject[]) => objects.filter(({ role }) => role === 'data');
  const ownKeys = async (): Promise<string[]> =>
    [...(await rig.keys(`${archivePrefix}data/`)), ...(await rig.keys(`${archivePrefix}meta/`))].sort();

  test('shows what it would do, and writes nothing', async () => {
    const report = await done({ dryRun: true });
    expect(report).toMatchObject({ outcome: 'planned', steps: [] });
    const facts = Object.fromEntries((report.plan?.facts ?? []).map(({ label, value }) => [label, value]));
    expect(facts).toMatchObject({
      'newest backup': 'none that can be trusted',
      'partitions to export': 'at most 3 of 3',
    });
    expect(report.plan?.warnings.join()).toContain('prices that the platform file does not have');
    expect(await ownKeys()).toEqual([]);
  });

  test('is read back and signed, and what is in it is what the sources held', async () => {
    rig.s3.forget();
    const report = await done();
    expect(report).toMatchObject({ outcome: 'done', measurements: { objects: 6, made: 6, leftOut: 0 } });
    const { header, trailer, objects, key } = await rig.backup();
    expect(header).toMatchObject({ kind: 'full', archive: 'main', fullBackupId: header.backupId });
    expect(trailer.tally).toMatchObject({ data: { objects: 3 }, redis: { objects: 1 }, schema: { objects: 1 } });

    // Every object was read to its end after it was written, before the manifest was.
    const order = rig.s3.requests.map(({ verb, key: of }) => `${verb} ${of}`);
    for (const object of objects)
      expect(order.indexOf(`GET ${object.key}`)).toBeGreaterThan(order.indexOf(`PUT ${object.key}`));
    const last = Math.max(...objects.map((object) => order.indexOf(`GET ${object.key}`)));
    expect(order.indexOf(`PUT ${key}`)).toBeGreaterThan(last);

    const january = rowsOfTable(objects)[0];
    if (!january) throw new Error('there is one');
    expect(january).toMatchObject({ rows: 2_000, rowDigest: { rows: 2_000, final: false }, encoding: 'gzip' });
    await rig.sql('CREATE TABLE usage.back AS usage.events');
    const native = gunzipSync(await whole(rig.store.get(january, january)));
    await insertNative(rig, 'usage.back', native);
    const sums = "count(), sum(cityHash64(d, n, isNull(s), ifNull(s, '')))";
    const month = await rig.sql(`SELECT ${sums} FROM usage.events WHERE toYYYYMM(d) = 202601`);
    expect(await rig.sql(`SELECT ${sums} FROM usage.back`)).toBe(month);

    const snapshot = objects.find(({ role }) => role === 'redis');
    if (!snapshot) throw new Error('there is one');
    expect(snapshot.offset).toMatchObject({ replid: expect.stringMatching(/^[0-9a-f]{40}$/) as string });
    const stateDir = labFolder();
    redisFolder(stateDir, 'back', 'r1', await whole(rig.store.get(snapshot, snapshot)));
    const back = stopping(await startRedisNode({ stateDir, group: 'back', name: 'r1', aof: 'no' }));
    const values = await withRedis(back, undefined, async (client) => [
      await client.dbsize(),
      await client.get('session:499'),
    ]);
    expect(values).toEqual([500, 'value 499']);

    for (const object of objects) {
      const facts = await rig.store.head(object.key, object.versionId);
      expect(facts?.retention?.untilMs).toBeGreaterThan(Date.now() + 36 * 86_400_000);
    }
    expect((await rig.store.head(key))?.retention?.mode).toBe('GOVERNANCE');
    expect(await rig.keys(`${archivePrefix}meta/lists/`)).toEqual([]);
    const file = objects.find(({ role }) => role === 'platform');
    expect(file && (await whole(rig.store.get(file, file))).toString()).toContain('"archives"');
  });

  test('exports what has changed alone, and again what is no longer there', async () => {
    const first = await rig.backup();
    await rig.sql(rowsOf(2, 10));
    rig.s3.forget();
    expect(await done()).toMatchObject({ outcome: 'done', measurements: { objects: 6, made: 4 } });
    const second = await rig.backup();
    expect(second.header).toMatchObject({ kind: 'increment', fullBackupId: first.header.backupId });
    expect(second.header.previous?.key).toBe(first.key);
    const origins = rowsOfTable(second.objects).map(({ backupId, rows }) => [
      backupId === second.header.backupId,
      rows,
    ]);
    expect(origins).toEqual([
      [false, 2_000],
      [true, 2_010],
      [false, 2_000],
    ]);
    const written = rig.s3.requests.filter(({ verb, key }) => verb === 'PUT' && key.includes('/clickhouse/'));
    expect(written.filter(({ key }) => key.includes('/data/'))).toHaveLength(1);

    // Another one under its key changes nothing: the exact version counts. The version gone, it is exported again.
    const [january, , march] = rowsOfTable(second.objects);
    if (!january || !march) throw new Error('there are three');
    await rig.store.put(putOf(january.key, Buffer.from('another one')));
    const path = `backups/${march.key}?versionId=${march.versionId}`;
    const gone = await rig.s3.other('DELETE', path, { headers: { 'x-amz-bypass-governance-retention': 'true' } });
    expect(gone.ok).toBe(true);
    await done();
    const third = await rig.backup();
    const [nowJanuary, , nowMarch] = rowsOfTable(third.objects);
    expect(nowJanuary).toEqual(january);
    expect(nowMarch?.backupId).toBe(third.header.backupId);
    expect(nowMarch?.rowDigest).toEqual(march.rowDigest);
  });

  test('is found right by an audit, which fails where an object is hidden or the bucket lists none', async () => {
    const audit = async (): Promise<RunReport> => {
      await (await rig.start('archiveAudit')).result().catch(() => undefined);
      // The run itself, not its proxy.
      return lock().result().catch(reportOf) as Promise<RunReport>;
    };
    rig.s3.forget();
    const good = await audit();
    expect(good).toMatchObject({ outcome: 'done', measurements: { findings: 0, objects: 6 } });
    expect(new Set(rig.s3.requests.map(({ verb }) => verb))).toEqual(new Set(['LIST', 'GET', 'HEAD']));
    const [january] = rowsOfTable((await rig.backup()).objects);
    if (!january) throw new Error('there is one');
    const marked = await rig.s3.other('DELETE', `backups/${january.key}`);
    const hidden = await audit();
    expect(hidden).toMatchObject({ outcome: 'failed', problem: { code: 'ARCHIVE_BACKUP_INCOMPLETE' } });
    expect(hidden.problem?.message).toBe(`${january.key} is hidden by a delete mark`);
    await rig.s3.other('DELETE', `backups/${january.key}?versionId=${marked.headers.get('x-amz-version-id')}`);
    expect((await audit()).outcome).toBe('done');
    const ends = rig.s3.faults.add({ verb: 'LIST' }, { kind: 'denied' });
    expect(await audit()).toMatchObject({ outcome: 'failed', problem: { code: 'S3_NO_PERMISSION' } });
    ends();
  });

  test('reads one source and carries the others over', async () => {
    const earlier = await rig.backup();
    expect(await done({ sources: ['redis/sessions'] })).toMatchObject({ measurements: { objects: 6, made: 1 } });
    const { objects, header } = await rig.backup();
    expect(objects.filter(({ backupId }) => backupId === header.backupId).map(({ role }) => role)).toEqual(['redis']);
    expect(rowsOfTable(objects)).toEqual(rowsOfTable(earlier.objects));
    const report = (await rig
      .start('archiveBackup', { sources: ['redis/none'] })
      .then((run) => run.result().catch((error: unknown) => error))) as Error;
    expect(JSON.stringify(report, Object.getOwnPropertyNames(report)) + String(report.cause)).toMatch(
      /does not hold redis\/none/,
    );
  });

  test('parks when an object is not read back as it was written, names it, and leaves nothing when it is aborted', async () => {
    const keysBefore = await ownKeys();
    await rig.sql(rowsOf(1, 5));
    rig.s3.faults.add({ verb: 'GET', key: /\/data\/.*202601/ }, { kind: 'flip', byte: 20, bit: 3 });
    await rig.start('archiveBackup');
    const at = await parked();
    expect(at).toMatchObject({ step: 'archive.verify-objects', trouble: { code: 'ARCHIVE_OBJECT_CHANGED' } });
    expect(at.trouble.message).toMatch(/1 objects are not as they were written: gantry\/data\/.*202601/);
    await lock().executeUpdate('abort', { args: [{ by: 'test' }] });
    expect(await lock().result()).toMatchObject({ outcome: 'aborted' });
    expect(await ownKeys()).toEqual(keysBefore);
    expect(await rig.keys(`${archivePrefix}data/`)).not.toEqual([]);
  });

  test('parks where it may not write, and goes on once it may', async () => {
    const ends = rig.s3.faults.add({ verb: 'PUT', key: /\/data\// }, { kind: 'denied' });
    const run = await rig.start('archiveBackup');
    expect((await parked()).trouble).toMatchObject({
      code: 'S3_NO_PERMISSION',
      message: expect.stringContaining('PUT gantry/data/') as string,
    });
    ends();
    await resolveNow(lock(), { action: 'retry', by: 'test' });
    expect(await run.result()).toMatchObject({ outcome: 'done' });
  });

  test('keeps a partition that takes rows all the while, without a digest', async () => {
    before = async (call) => {
      if (call === 'clickhouse.exportPartition') await rig.sql(rowsOf(4, 3));
    };
    await rig.sql(rowsOf(4, 10));
    const report = await done();
    expect(report.outcome).toBe('done');
    const april = rowsOfTable((await rig.backup()).objects).find(
      ({ source }) => 'partition' in source && source.partition === '202604',
    );
    expect(april?.rowDigest).toBeUndefined();
    before = async () => undefined;
    await done();
    const settled = rowsOfTable((await rig.backup()).objects).find(
      ({ source }) => 'partition' in source && source.partition === '202604',
    );
    expect(settled?.rowDigest?.rows).toBe(
      Number(await rig.sql('SELECT count() FROM usage.events WHERE toYYYYMM(d) = 202604')),
    );
  });

  test('trusts no manifest that was changed or that another key signed, says so, and builds on the one before', async () => {
    const good = await rig.backup();
    await done();
    const newest = await rig.backup();
    const ref = await rig.store.head(newest.key);
    if (!ref) throw new Error('it is there');
    const content = gunzipSync(await whole(rig.store.getUnproven(ref, 1e7))).toString();
    // One digit of one size, by whoever may write to the bucket.
    const changed = gzipSync(
      content.replace(/"size":(\d)/, (_all, digit: string) => `"size":${(Number(digit) % 9) + 1}`),
    );
    await rig.store.put(putOf(newest.key, changed));
    const other = generateKeyPairSync('ed25519');
    const signer = manifestSigner('k1', other.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, {
      k1: publicKeyOf(other),
    });
    const forgedId = '20990101T000000Z-forged';
    const forged = await whole(writeManifest({ ...newest.header, backupId: forgedId }, none(), signer));
    const forgedKey = `${archivePrefix}meta/manifests/${forgedId}.ndjson.gz`;
    await rig.store.put(putOf(forgedKey, forged));

    const report = await done();
    expect(report.outcome).toBe('done');
    const refused = report.plan?.warnings.filter((line) => line.includes('counts for nothing')) ?? [];
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatch(/forged.*did not make its signature/);
    expect(refused[1]).toMatch(new RegExp(`${newest.header.backupId}.*not those that were signed`));
    const built = report.steps.find(({ step }) => step === 'archive.open-backup')?.after as {
      opened: { previous?: { backupId: string } };
    };
    expect(built.opened.previous?.backupId).toBe(good.header.backupId);
  });
});

const rowsOf = (month: number, rows: number): string =>
  `INSERT INTO usage.events SELECT toDate('2026-0${month}-15'), number, if(number % 7 = 0, NULL, toString(number * 31)) FROM numbers(${rows})`;

async function* none(): AsyncGenerator<BackupObject> {}

async function insertNative(rig: ArchiveRig, table: string, body: Uint8Array): Promise<void> {
  const [node] = rig.cluster.nodes;
  const url = `http://${node?.host}:${node?.httpPort}/?query=${encodeURIComponent(`INSERT INTO ${table} FORMAT Native`)}`;
  const answer = await fetch(url, { method: 'POST', body });
  if (!answer.ok) throw new Error(await answer.text());
}

function calling<T extends object>(name: string, driver: T, before: (call: string) => Promise<void>): T {
  return new Proxy(driver, {
    get: (target, key) => {
      const held: unknown = Reflect.get(target, key);
      if (typeof held !== 'function' || name !== 'clickhouse') return held;
      return async (...given: unknown[]) => {
        await before(`${name}.${String(key)}`);
        return (held as (...all: unknown[]) => unknown).apply(target, given);
      };
    },
  });
}
