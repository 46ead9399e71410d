import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { GantryError } from '../../../src/errors/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import type { ArchiveWorld, TestTable } from '../../support/archive-world.ts';
import { archiveWorld, makeBackup, testArchive } from '../../support/archive-world.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { reportOf } from '../run/harness.ts';
import type { World } from '../run/world.ts';
import { createWorld } from '../run/world.ts';
import type { ArchiveHarness } from './harness.ts';
import { startArchiveHarness } from './harness.ts';

const hour = 3_600_000;
const samples: TestTable[] = [
  {
    ...{ table: 'metrics.samples', shard: 1 },
    partitions: Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`p${at}`, [`p${at}:1`, `p${at}:2`]])),
  },
];

await describeWith(['temporal'], 'an audit', () => {
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
    archive.now = archiveWorld(Date.now, testArchive({ audit: { sample: 10, manifests: 3 } }));
    Object.assign(world, createWorld());
  });
  afterAll(() => harness?.stop());

  /** Its report, however it ends. */
  const audit = async (input: object = {}): Promise<RunReport> => {
    const handle = await server().client.workflow.start('archiveAudit', {
      workflowId: 'archive/main',
      taskQueue: harness.taskQueue,
      args: [{ archive: 'main', ...input }],
    });
    return handle.result().catch(reportOf) as Promise<RunReport>;
  };
  const problems = ({ problem }: RunReport) => problem?.problems.map(({ code, place }) => [code, place]);
  const objectsOf = async (id: string): Promise<string[]> => {
    const found: string[] = [];
    const { data } = archiveKeys(archive.now.config.prefix);
    for await (const { key } of archive.now.store.versions(`${data}${id}/`)) found.push(key);
    return found;
  };

  test('of a good archive is done, changes nothing, and tells no one', async () => {
    await makeBackup(archive.now, samples, { atMs: Date.now() - 30 * hour, run: 'older' });
    await makeBackup(archive.now, samples, { group: 'sessions' });
    archive.now.store.age('GLACIER', archiveKeys(archive.now.config.prefix).data);
    const written = archive.now.store.log.length;
    const report = await audit();
    expect(report).toMatchObject({ outcome: 'done', measurements: { findings: 0, objects: 32 } });
    expect(report.steps.map(({ after }) => after)).toMatchObject([{ verified: 2 }, { looked: 10 }]);
    expect(archive.now.store.log).toHaveLength(written);
    expect(world.notices).toEqual([]);
  });

  test('of a bucket that lists nothing fails, and people are told', async () => {
    const report = await audit();
    expect(report).toMatchObject({ outcome: 'failed', problem: { code: 'ARCHIVE_NO_BACKUP' } });
    expect(report.problem?.message).toBe('main has no backup: the bucket lists none');
    expect(world.notices.map(({ event }) => event)).toEqual(['ended']);
  });

  test('of a store that does not answer fails instead of waiting with the lock of the archive', async () => {
    await makeBackup(archive.now, samples);
    archive.now.store.fault = () => {
      throw new GantryError('S3_AUTH_FAILED', 'the key is unknown');
    };
    expect(await audit()).toMatchObject({ outcome: 'failed', problem: { code: 'S3_AUTH_FAILED' } });
  });

  test.each([
    ['verify the manifests', 'manifests', 'ARCHIVE_NO_BACKUP'],
    ['look at the objects', 'data', 'ARCHIVE_BACKUP_INCOMPLETE'],
  ] as const)('that had its step "%s" skipped has seen nothing, and fails', async (title, below, code) => {
    await makeBackup(archive.now, samples);
    const prefix = archiveKeys(archive.now.config.prefix)[below];
    archive.now.store.fault = (_verb, key) => {
      if (key.startsWith(prefix)) throw new Error('the store answers nonsense');
    };
    const handle = await server().client.workflow.start('archiveAudit', {
      workflowId: 'archive/main',
      taskQueue: harness.taskQueue,
      args: [{ archive: 'main' }],
    });
    expect((await harness.until(handle, 'parked')).parked?.title).toBe(title);
    await harness.update(handle, 'resolve', { action: 'skip', acceptedRisk: 'the store is being moved' });
    const report = (await handle.result().catch(reportOf)) as RunReport;
    expect(report).toMatchObject({ outcome: 'failed', problem: { code } });
  });

  test('finds a backup that is too old, also where a newer one cannot be trusted or has failed its drill', async () => {
    const old = await makeBackup(archive.now, samples, { atMs: Date.now() - 37 * hour, run: 'older' });
    expect(problems(await audit())).toEqual([['ARCHIVE_BACKUP_TOO_OLD', old]]);
    const keys = archiveKeys(archive.now.config.prefix);
    const sign = (text: string): string => Buffer.from(text.padEnd(64).slice(0, 64)).toString('base64');
    const foreign = await makeBackup(archive.now, samples, { signer: { keyId: 'k2', sign } });
    expect(problems(await audit())).toEqual([
      ['ARCHIVE_MANIFEST_UNTRUSTED', keys.manifest(foreign)],
      ['ARCHIVE_BACKUP_TOO_OLD', old],
    ]);
    const marked = await makeBackup(archive.now, samples, { run: 'zmarked', atMs: Date.now() + 1_000 });
    await archive.now.store.put({ key: keys.verdict(marked), size: 0, sha256: '', body: async function* () {} });
    expect(problems(await audit())?.[0]).toEqual(['ARCHIVE_BACKUP_BAD', keys.verdict(marked)]);
  });

  test('finds a backup that is dated in the future: it would be young for ever', async () => {
    const ahead = await makeBackup(archive.now, samples, { atMs: Date.now() + hour });
    expect(problems(await audit())).toEqual([['ARCHIVE_BACKUP_TOO_OLD', ahead]]);
  });

  test('finds that most of the objects are gone, whatever the sample meets', async () => {
    const id = await makeBackup(archive.now, samples);
    const { data } = archiveKeys(archive.now.config.prefix);
    for (const key of (await objectsOf(id)).slice(1))
      for (const version of archive.now.store.versionsOf(key)) await archive.now.store.remove(version);
    const report = await audit();
    expect(problems(report)?.[0]).toEqual(['ARCHIVE_BACKUP_INCOMPLETE', `${data}${id}/`]);
    expect(report.problem?.message).toMatch(/1 objects and \d+ bytes are listed .*; the manifest stands on 30 and \d+/);
  });

  test('finds by its sample what the listing does not show, and finds it again by its seed', async () => {
    const id = await makeBackup(archive.now, samples);
    const [first = '', second = '', third = ''] = await objectsOf(id);
    archive.now.config = testArchive({ audit: { sample: 100 } });
    // Another object of the same size in its place; one below a delete mark; one in a class of no rule.
    const [version] = archive.now.store.versionsOf(first);
    if (version) version.versionId = 'another one';
    archive.now.store.hide(second);
    for (const one of archive.now.store.versionsOf(third)) one.storageClass = 'ONEZONE_IA';
    const report = await audit();
    expect(problems(report)?.sort()).toEqual([
      ['ARCHIVE_BACKUP_INCOMPLETE', second],
      ['ARCHIVE_CLASS_UNEXPECTED', third],
      ['ARCHIVE_OBJECT_CHANGED', first],
    ]);
    archive.now.config = testArchive({ audit: { sample: 5 } });
    const some = await audit();
    const seed = some.measurements['seed'];
    expect(problems(await audit({ seed }))).toEqual(problems(some));
  });

  test('names the manifest that is hidden by a delete mark, and still counts the backup', async () => {
    const id = await makeBackup(archive.now, samples);
    const key = archiveKeys(archive.now.config.prefix).manifest(id);
    archive.now.store.hide(key);
    expect(problems(await audit())).toEqual([['ARCHIVE_BACKUP_INCOMPLETE', key]]);
  });

  test('shows what it would look at, and asks the store nothing', async () => {
    archive.now.store.fault = () => {
      throw new Error('it is asked');
    };
    const report = await audit({ dryRun: true });
    expect(report).toMatchObject({ outcome: 'planned', steps: [] });
    expect(report.plan?.actions.map(({ step }) => step)).toEqual(['archive.audit-manifests', 'archive.audit-objects']);
  });
});
