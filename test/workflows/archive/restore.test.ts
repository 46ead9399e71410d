import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { RestoreCost, RunReport } from '../../../src/runs/index.ts';
import type { ArchiveWorld, TestTable } from '../../support/archive-world.ts';
import { archiveWorld, makeBackup } from '../../support/archive-world.ts';
import { describeWith } from '../../support/lab.ts';
import { digestOfRows } from '../../support/memory-tables.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, reportOf } from '../run/harness.ts';
import type { World } from '../run/world.ts';
import { createWorld } from '../run/world.ts';
import type { ArchiveHarness } from './harness.ts';
import { startArchiveHarness } from './harness.ts';

const rows = (partition: string, from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${partition}:${from + at}`);
const samples: TestTable[] = [
  { table: 'metrics.samples', shard: 1, partitions: { a: rows('a', 0, 50), b: rows('b', 0, 7) } },
  { table: 'metrics.samples', shard: 2, partitions: { a: rows('a', 100, 20) } },
];
const other: TestTable[] = [{ table: 'metrics.other', shard: 1, partitions: { x: rows('x', 0, 5) } }];

await describeWith(['temporal'], 'a restore, in memory', () => {
  const server = useTemporal();
  let world: World;
  let harness: ArchiveHarness;
  const archive = {} as { now: ArchiveWorld };

  beforeAll(async () => {
    archive.now = archiveWorld();
    world = createWorld();
    harness = await startArchiveHarness(server(), world, archive);
  });
  beforeEach(() => {
    archive.now = archiveWorld();
    // Nothing is thawed for longer than the wait between two looks.
    archive.now.store.thawMs = () => 0;
    Object.assign(world, createWorld());
  });
  afterAll(() => harness?.stop());

  const aged = async (tables = samples, group?: string): Promise<string> => {
    const id = await makeBackup(archive.now, tables, group ? { group } : {});
    archive.now.store.age('GLACIER', archiveKeys(archive.now.config.prefix).data);
    return id;
  };
  const ends = async (handle: WorkflowHandle): Promise<RunReport> => (await handle.result()) as RunReport;
  const production = (server_: string, table = 'metrics.samples') =>
    archive.now.production[server_]?.tables.get(table)?.partitions;
  const refusal = async (handle: WorkflowHandle): Promise<RunReport> => {
    const error: unknown = await handle.result().then(
      () => new Error('it was not refused'),
      (caught: unknown) => caught,
    );
    return reportOf(error);
  };

  test('thaws, copies out, proves, stages, verifies, asks once more and promotes: digests equal, nothing asked for twice', async () => {
    await aged([...samples, ...other], 'sessions');
    const handle = await harness.start('all');
    const { plan, steps } = await harness.until(handle, 'awaiting-approval');
    expect(plan?.title).toMatch(/^promote /);
    expect(steps.at(-1)?.title).toMatch(/^verify /);
    expect(production('s1r1')).toBeUndefined();
    await harness.approve(handle);
    const report = await ends(handle);
    expect(report.outcome).toBe('done');
    expect(digestOfRows(production('s1r1')?.get('a') ?? [])).toEqual(digestOfRows(rows('a', 0, 50)));
    expect(digestOfRows(production('s2r1')?.get('a') ?? [])).toEqual(digestOfRows(rows('a', 100, 20)));
    expect(production('s1r1', 'metrics.other')?.get('x')).toHaveLength(5);
    expect(archive.now.redis.production).toMatchObject({ keys: 3 });
    expect(report.ledger?.map(({ name }) => name)).toEqual([
      ...['decide', 'thaw', 'copy', 'verify', 'restore', 'validate', 'promote'],
    ]);
    const asked = archive.now.store.log.filter((line) => line.startsWith('restore '));
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).toHaveLength(5);
    // Nothing is left in staging, beside production, or in the store.
    expect([...archive.now.staging.tables.keys()]).toEqual([]);
    expect([...(archive.now.production['s1r1']?.tables.keys() ?? [])].sort()).toEqual([
      'metrics.other',
      'metrics.samples',
    ]);
    const copies: string[] = [];
    for await (const { key } of archive.now.store.versions(`${archive.now.config.prefix}restores/`)) copies.push(key);
    expect(copies).toEqual([]);
    expect(report.leftBehind).toEqual([]);
    const { measurements } = report;
    expect(measurements).toMatchObject({ 'objects.cold': 5, 'asked.thaw.GLACIER.Bulk.objects': 5 });
    // Each is copied; read once to be proven, once for staging and once for production, the schema besides.
    expect(measurements['asked.put']).toBe(5);
    expect(measurements['asked.bytesOut']).toBeGreaterThan(2 * (measurements['bytes'] ?? 0));
    const cost = report.steps.find(({ step }) => step === 'archive.count-cost')?.after as RestoreCost;
    expect(cost).toMatchObject({ currency: 'USD', unpriced: ['requests.list'] });
    const requests = (0.005 * 5 + 0.0004 * (measurements['asked.get'] ?? 0)) / 1000;
    expect(cost.requests).toBeCloseTo(requests, 12);
    expect(measurements).toHaveProperty(['actual.cost.USD']);
  });

  test('leaves no table beside production where the promotion was cut off after its last partition', async () => {
    await aged();
    const handle = await harness.start('all');
    await harness.until(handle, 'awaiting-approval');
    const last = archive.now.production['s2r1'];
    let cuts = 0;
    if (last)
      last.hook = (verb) => {
        if (verb === 'dropTable' && (cuts += 1) === 1) throw new GantryError('CLICKHOUSE_UNREACHABLE', 'gone');
      };
    await harness.approve(handle);
    expect((await ends(handle)).outcome).toBe('done');
    expect(cuts).toBe(2);
    expect([...(last?.tables.keys() ?? [])]).toEqual(['metrics.samples']);
  });

  test('of one table touches no other', async () => {
    await aged([...samples, ...other]);
    const handle = await harness.start('metrics.other');
    await harness.until(handle, 'awaiting-approval');
    await harness.approve(handle);
    expect((await ends(handle)).outcome).toBe('done');
    expect([...(archive.now.production['s1r1']?.tables.keys() ?? [])]).toEqual(['metrics.other']);
    expect(archive.now.store.log.filter((line) => line.startsWith('restore '))).toHaveLength(1);
  });

  test('of a group fills the staging node again that its drill had emptied', async () => {
    await aged([...samples], 'sessions');
    expect((await ends(await harness.start('sessions', {}, 'archiveDrill'))).outcome).toBe('done');
    // As on a real node: it still names the history that it took over.
    expect(archive.now.redis.staging).toMatchObject({ keys: 0, from: expect.any(String) as string });
    const handle = await harness.start('sessions');
    const { steps } = await harness.until(handle, 'awaiting-approval');
    expect(steps.find(({ step }) => step === 'archive.fill-staging')).toMatchObject({ state: 'done', changed: true });
    await harness.approve(handle);
    expect((await ends(handle)).outcome).toBe('done');
    expect(archive.now.redis.production).toMatchObject({ keys: 3 });
  });

  test('of a group that was lost again after it was restored loads it again', async () => {
    await aged([...samples], 'sessions');
    for (let time = 0; time < 2; time += 1) {
      // As FLUSHALL leaves a primary: empty, and still of the history that it once took over.
      Object.assign(archive.now.redis.production, { keys: 0, bytes: '' });
      const handle = await harness.start('sessions');
      await harness.until(handle, 'awaiting-approval');
      await harness.approve(handle);
      expect((await ends(handle)).outcome).toBe('done');
      expect(archive.now.redis.production).toMatchObject({ keys: 3 });
    }
  });

  test('a declined promotion promotes nothing; staging goes, or stays where the policy says so', async () => {
    for (const declined of ['destroy', 'keep'] as const) {
      archive.now = archiveWorld();
      archive.now.store.thawMs = () => 0;
      await aged();
      const handle = await harness.start(`all`, { declined });
      await harness.until(handle, 'awaiting-approval');
      await harness.update(handle, 'abort', {});
      const report = await ends(handle);
      expect(report.outcome).toBe('aborted');
      expect(production('s1r1')).toBeUndefined();
      expect(archive.now.staging.tables.size).toBe(declined === 'keep' ? 2 : 0);
      expect(report.leftBehind.length).toBe(declined === 'keep' ? 1 : 0);
    }
  });

  test('a flipped bit is found and named by its key before anything is staged', async () => {
    await aged();
    const key = [...(await keys(archive.now))].find((one) => one.endsWith('/1/b')) ?? '';
    const [version] = archive.now.store.versionsOf(key);
    if (version) version.bytes[20] = (version.bytes[20] ?? 0) ^ 4;
    const handle = await harness.start('all');
    const { parked } = await harness.until(handle, 'parked');
    expect(parked).toMatchObject({ title: 'prove every object', trouble: { code: 'ARCHIVE_OBJECT_CHANGED' } });
    expect(parked?.trouble.message).toContain(key);
    await harness.update(handle, 'abort', {});
    expect((await ends(handle)).outcome).toBe('aborted');
    expect(archive.now.staging.tables.size).toBe(0);
  });

  test('a copy that expires during the copy-out is thawed again, and what was copied is not copied twice', async () => {
    await aged();
    const { store } = archive.now;
    let expired = '';
    store.fault = (verb, key) => {
      if (verb !== 'copy' || expired !== '' || !key.endsWith('/1/b')) return;
      expired = key;
      for (const one of store.versionsOf(key)) if (one.thaw) one.thaw.expiresAt = 0;
    };
    const handle = await harness.start('all');
    await harness.until(handle, 'awaiting-approval');
    await harness.approve(handle);
    const report = await ends(handle);
    expect(report.outcome).toBe('done');
    const copied = store.log.filter((line) => line.startsWith('copy '));
    expect(new Set(copied).size).toBe(copied.length);
    expect(store.log.filter((line) => line.startsWith(`restore ${expired} `))).toHaveLength(2);
    expect(report.ledger?.find(({ name }) => name === 'thaw')?.times).toBe(2);
  });

  test('clients that write right after the promotion do not make it fail', async () => {
    await aged();
    const s2r1 = archive.now.production['s2r1'];
    const handle = await harness.start('all');
    await harness.until(handle, 'awaiting-approval');
    if (s2r1)
      s2r1.hook = (verb, about) => {
        // The last shard is attached: a client writes before the promotion is looked at.
        if (verb === 'countRows' && about.includes('__restore_') && !s2r1.tables.has(about))
          s2r1.tables.get('metrics.samples')?.partitions.get('a')?.push('a:of a client');
      };
    await harness.approve(handle);
    expect((await ends(handle)).outcome).toBe('done');
    expect(production('s2r1')?.get('a')).toContain('a:of a client');
  });

  test('a missing version makes it take an older backup, and the plan says why', async () => {
    const older = await makeBackup(archive.now, samples, { atMs: Date.now() - 86_400_000, run: 'older' });
    const newer = await makeBackup(archive.now, samples);
    const gone = [...(await keys(archive.now))].find((one) => one.includes(newer) && one.endsWith('/2/a')) ?? '';
    const [version] = archive.now.store.versionsOf(gone);
    if (version) await archive.now.store.remove(version);
    const handle = await harness.start('all', { dryRun: true });
    const report = await ends(handle);
    expect(report.plan?.title).toContain(older);
    expect(report.plan?.facts.find(({ label }) => label === 'passed over')?.value).toContain(gone);
  });

  test('a manifest that was tampered with, or signed by another key, is no recovery point', async () => {
    const id = await makeBackup(archive.now, samples);
    const manifest = archiveKeys(archive.now.config.prefix).manifest(id);
    const [version] = archive.now.store.versionsOf(manifest);
    if (version) version.bytes[version.bytes.byteLength - 30] = (version.bytes[version.bytes.byteLength - 30] ?? 0) ^ 1;
    const report = await refusal(await harness.start('all'));
    expect(report.problem?.problems.map(({ code }) => code)[0]).toBe('ARCHIVE_NO_BACKUP');
    // The store's own checksum finds it first, where it has one.
    expect(report.problem?.problems[1]?.code).toMatch(/^(ARCHIVE_MANIFEST_|S3_BODY_DAMAGED)/);
    archive.now = archiveWorld();
    const sign = (text: string): string => Buffer.from(text.padEnd(64).slice(0, 64)).toString('base64');
    await makeBackup(archive.now, samples, { signer: { keyId: 'k2', sign } });
    const foreign = await refusal(await harness.start('all'));
    expect(foreign.problem?.problems[1]?.code).toBe('ARCHIVE_MANIFEST_UNTRUSTED');
  });

  test('what is in the way is found in the plan, all of it at once, and nothing is thawed', async () => {
    await aged();
    const raw = {};
    archive.now.store.rules = [{ id: 'tidy up', enabled: true, prefix: '', transitions: [], expirationDays: 3, raw }];
    archive.now.staging.freeBytes = 10;
    archive.now.production['s1r1']?.tables.set('metrics.samples', {
      createQuery: '',
      partitions: new Map([['a', ['a:1']]]),
    });
    const report = await refusal(await harness.start('all'));
    expect(report.problem?.problems.map(({ code }) => code).sort()).toEqual([
      ...['ARCHIVE_OBJECT_AGES_AWAY', 'ARCHIVE_STAGING_TOO_SMALL', 'ARCHIVE_TARGET_NOT_EMPTY'],
    ]);
    expect(archive.now.store.log.some((line) => line.startsWith('restore '))).toBe(false);
  });

  test('staging that reaches production, or cannot tell, is given no data', async () => {
    for (const [reach, code] of [
      ['open', 'ARCHIVE_STAGING_OPEN'],
      ['unknown', 'ARCHIVE_STAGING_UNPROVEN'],
    ] as const) {
      archive.now = archiveWorld();
      archive.now.store.thawMs = () => 0;
      archive.now.staging.reach = reach;
      await aged();
      const handle = await harness.start('all');
      const { parked } = await harness.until(handle, 'parked');
      expect(parked?.trouble.code).toBe(code);
      expect(archive.now.staging.tables.size).toBe(0);
      await harness.update(handle, 'abort', {});
      await handle.result();
    }
  });

  test('rows that come to production before the promotion stop it: nothing is overwritten', async () => {
    await aged();
    const handle = await harness.start('all');
    await harness.until(handle, 'awaiting-approval');
    archive.now.production['s1r2']?.tables.set('metrics.samples', {
      createQuery: '',
      partitions: new Map([['z', ['z:1']]]),
    });
    await harness.approve(handle);
    const { parked } = await harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe('ARCHIVE_TARGET_NOT_EMPTY');
    await harness.update(handle, 'abort', {});
    expect((await ends(handle)).outcome).toBe('aborted');
    expect(production('s1r1')).toBeUndefined();
    expect(production('s1r2')?.get('z')).toEqual(['z:1']);
  });

  test('an object that is deleted between plan and copy is named, and the run parks', async () => {
    await aged();
    world.policy = { ...world.policy, approval: { people: 1, expiresAfterMs: 600_000 } };
    const handle = await harness.start('all');
    await harness.until(handle, 'awaiting-approval');
    const gone = [...(await keys(archive.now))].find((one) => one.endsWith('/1/a')) ?? '';
    await harness.approve(handle);
    const [version] = archive.now.store.versionsOf(gone);
    // The plan that is made again after the approval sees it, or the thaw does.
    if (version) await archive.now.store.remove(version);
    const end: unknown = await Promise.race([
      harness.until(handle, 'parked').then(({ parked }) => parked?.trouble.message),
      handle.result().catch((error: unknown) =>
        reportOf(error)
          .problem?.problems.map(({ message }) => message)
          .join('; '),
      ),
    ]).catch((error: unknown) => String(error));
    expect(String(end)).toContain(gone);
    await harness.update(handle, 'abort', {}).catch(() => undefined);
    await handle.result().catch((error: unknown) => expect(codeOf(error)).toBeDefined());
  });

  test('a drill of a damaged backup marks it, tells people, leaves nothing, and the next restore passes it over', async () => {
    const older = await makeBackup(archive.now, samples, { atMs: Date.now() - 86_400_000, run: 'older' });
    const newer = await aged();
    const key = [...(await keys(archive.now))].find((one) => one.includes(newer) && one.endsWith('/1/b')) ?? '';
    const [version] = archive.now.store.versionsOf(key);
    if (version) version.bytes[20] = (version.bytes[20] ?? 0) ^ 4;
    const drill = await harness.start('all', {}, 'archiveDrill');
    const report = await ends(drill);
    expect(report).toMatchObject({ outcome: 'aborted', problem: { code: 'ARCHIVE_OBJECT_CHANGED' } });
    expect(report.measurements['drill.passed']).toBe(0);
    expect(report.leftBehind).toEqual([]);
    expect(world.notices.map(({ event, message }) => `${event}: ${message}`)).toContainEqual(
      `drift: the drill of backup ${newer} failed: it cannot be restored`,
    );
    const next = await ends(await harness.start('all', { dryRun: true }));
    expect(next.plan?.title).toContain(older);
    expect(next.plan?.facts.find(({ label }) => label === 'passed over')?.value).toMatch(/a drill of .* failed/);
  });

  test('a drill whose comparison was skipped has not passed', async () => {
    await aged();
    archive.now.staging.hook = (verb) => {
      if (verb === 'readThrough') throw new GantryError('CLICKHOUSE_AUTH_FAILED', 'staging refuses the password');
    };
    const drill = await harness.start('all', {}, 'archiveDrill');
    expect((await harness.until(drill, 'parked')).parked?.title).toBe('verify metrics.samples');
    await harness.update(drill, 'resolve', { action: 'skip', acceptedRisk: 'staging is not needed now' });
    const report = await ends(drill);
    expect(report.outcome).toBe('done');
    expect(report.measurements['drill.passed']).toBe(0);
  });

  test('a drill of a good backup proves it beside full production, and changes nothing there', async () => {
    await aged();
    archive.now.production['s1r1']?.tables.set('metrics.samples', {
      createQuery: '',
      partitions: new Map([['a', ['a:1']]]),
    });
    const report = await ends(await harness.start('all', {}, 'archiveDrill'));
    expect(report.outcome).toBe('done');
    expect(report.measurements['drill.passed']).toBe(1);
    expect(report.ledger?.map(({ name }) => name)).toEqual(['decide', 'thaw', 'copy', 'verify', 'restore', 'validate']);
    expect(production('s1r1')?.get('a')).toEqual(['a:1']);
    expect(archive.now.staging.tables.size).toBe(0);
  });
});

async function keys({ store }: ArchiveWorld): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.versions('')) found.push(key);
  return found;
}
