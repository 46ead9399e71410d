import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ObjectStore, ObjectVersion } from '../../../src/drivers/s3/index.ts';
import { describeWith } from '../../support/lab.ts';
import { putOf, s3Rig, whole } from '../../support/s3-rig.ts';

const hour = 3_600_000;
const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error;

await describeWith(['s3'], 'an object store', () => {
  const rig = s3Rig();

  test('writes an object with its SHA-256 and reads back exactly that version', async () => {
    const store = await rig.bucket();
    const [first, second] = [randomBytes(200_000), randomBytes(100)];
    const older = putOf('a/b c+ü.bin', first, { metadata: { 'gantry-run': 'r1' } });
    const ref = await store.put(older);
    const newer = await store.put(putOf('a/b c+ü.bin', second));
    expect(newer.versionId).not.toBe(ref.versionId);
    expect((await whole(store.get(ref, older))).equals(first)).toBe(true);
    const facts = await store.head(ref.key, ref.versionId);
    expect(facts).toMatchObject({ ...ref, size: 200_000, sha256: older.sha256, storageClass: 'STANDARD' });
    expect(facts).toMatchObject({ thaw: { state: 'warm' }, metadata: { 'gantry-run': 'r1' }, legalHold: false });
    expect(await store.head(ref.key)).toMatchObject({ versionId: newer.versionId });
    expect(await store.head('a/none')).toBeUndefined();
    expect(await store.head(ref.key, 'never-was')).toBeUndefined();
  });

  test('writes a large object in parts, and takes the upload back when one of them fails', async () => {
    const store = await rig.bucket({ partBytes: 5 * 2 ** 20 });
    const content = randomBytes(11 * 2 ** 20);
    const request = putOf('large', content);
    rig.s3.forget();
    const ref = await store.put(request);
    expect(rig.s3.requests.filter(({ verb }) => verb === 'PART')).toHaveLength(3);
    expect((await whole(store.get(ref, request))).equals(content)).toBe(true);
    expect(await store.head('large')).toMatchObject({ size: content.length, sha256: request.sha256 });

    rig.s3.faults.add({ verb: 'PART' }, { kind: 'denied' }, 1);
    await expect(store.put(putOf('large-2', content))).rejects.toThrow(code('S3_NO_PERMISSION'));
    expect(await store.head('large-2')).toBeUndefined();
    expect(rig.s3.requests.filter(({ verb, key }) => verb === 'ABORT' && key === 'large-2')).toHaveLength(1);
  });

  test.each([
    ['get', (store: ObjectStore, ...of: Parameters<ObjectStore['get']>) => whole(store.get(...of))],
    // More than one batch for the thread that hashes.
    ['prove', (store: ObjectStore, ...of: Parameters<ObjectStore['get']>) => store.prove(...of)],
  ])(
    '%s finds one flipped bit, an end that comes too soon, and another object of the same size',
    async (_verb, read) => {
      const store = await rig.bucket();
      const size = 2_500_000;
      const request = putOf('proven', randomBytes(size));
      const ref = await store.put(request);
      const reads = () => read(store, ref, request);
      for (const fault of [
        { kind: 'flip', byte: size - 1, bit: 7 },
        { kind: 'cut-short', bytes: size - 1 },
      ] as const) {
        const ends = rig.s3.faults.add({ verb: 'GET' }, fault);
        await expect(reads(), fault.kind).rejects.toThrow(code('S3_BODY_DAMAGED'));
        ends();
      }
      const ends = rig.s3.faults.add({ verb: 'GET' }, { kind: 'truncate', bytes: 10_000 });
      await expect(reads()).rejects.toThrow(code('S3_UNREACHABLE'));
      ends();
      const other = await store.put(putOf('proven', randomBytes(size)));
      await expect(read(store, other, request)).rejects.toThrow(/proven \(version .*SHA-256/);
      await reads();
      const many = await Promise.all(Array.from({ length: 12 }, () => reads().then(() => 'sound')));
      expect(new Set(many)).toEqual(new Set(['sound']));
    },
  );

  test('gives up a body that falls silent, and one request that gets no answer', async () => {
    const store = await rig.bucket({ idleMs: 300, timeoutMs: 10_000 });
    const request = putOf('silent', randomBytes(10));
    const ref = await store.put(request);
    rig.s3.faults.add({ verb: 'GET' }, { kind: 'slow', pieceMs: 30_000 });
    await expect(whole(store.get(ref, request))).rejects.toThrow(code('S3_TIMEOUT'));
    await expect(store.prove(ref, request)).rejects.toThrow(code('S3_TIMEOUT'));
    rig.s3.faults.add({ verb: 'DELETE' }, { kind: 'late', ms: 30_000 });
    const brief = rig.open(store.bucket, { timeoutMs: 300 });
    await expect(brief.remove(ref)).rejects.toThrow(code('S3_TIMEOUT'));
  });

  test('asks again when it is throttled or a read was lost, and never for a change that may have taken effect', async () => {
    const store = await rig.bucket();
    const request = putOf('throttled', randomBytes(10));
    rig.s3.faults.add({ verb: 'PUT' }, { kind: 'slow-down' }, 2);
    const ref = await store.put(request);
    rig.s3.faults.add({ verb: 'HEAD' }, { kind: 'reset' }, 2);
    expect(await store.head('throttled')).toMatchObject(ref);
    rig.s3.forget();
    rig.s3.faults.add({ verb: 'PUT' }, { kind: 'reset', after: true }, 1);
    await expect(store.put(putOf('lost', randomBytes(10)))).rejects.toThrow(code('S3_UNREACHABLE'));
    expect(rig.s3.requests.filter(({ verb }) => verb === 'PUT')).toHaveLength(1);
    expect(await store.head('lost')).toBeDefined();
    rig.s3.faults.add({ verb: 'LIST' }, { kind: 'slow-down' });
    await expect(first(store.versions(''))).rejects.toThrow(code('S3_THROTTLED'));
  });

  test('lists every version page by page, and the marks of deletion', async () => {
    const store = await rig.bucket();
    for (const key of ['x/1', 'x/2', 'x/2', 'y/1']) await store.put(putOf(key, randomBytes(3)));
    await rig.s3.other('DELETE', `${store.bucket}/x/1`);
    const found: ObjectVersion[] = [];
    for await (const version of store.versions('x/')) found.push(version);
    expect(found.map(({ key, deleteMarker }) => `${key}${deleteMarker ? ' deleted' : ''}`)).toEqual([
      'x/1 deleted',
      'x/1',
      'x/2',
      'x/2',
    ]);
    expect(found.filter(({ isLatest }) => isLatest)).toHaveLength(2);
    expect(await store.head('x/1')).toBeUndefined();
  });

  test('thaws a cold object: what each state answers', async () => {
    const store = await rig.bucket();
    await rig.s3.thawAfter(2);
    const request = putOf('cold', randomBytes(100), { storageClass: 'GLACIER' });
    const ref = await store.put(request);
    expect(await store.head('cold')).toMatchObject({ storageClass: 'GLACIER', thaw: { state: 'cold' } });
    await expect(whole(store.get(ref, request))).rejects.toThrow(code('S3_OBJECT_COLD'));
    const expedited = { days: 2, tier: 'Expedited' } as const;
    rig.s3.faults.add({ verb: 'RESTORE' }, { kind: 'no-capacity' }, 1);
    expect(await store.restoreObject(ref, expedited)).toBe('noCapacity');
    expect(await store.restoreObject(ref, { days: 2, tier: 'Bulk' })).toBe('accepted');
    expect(await store.restoreObject(ref, { days: 2, tier: 'Bulk' })).toBe('inProgress');
    await expect.poll(async () => (await store.head('cold'))?.thaw.state).toBe('thawed');
    const thaw = (await store.head('cold'))?.thaw;
    expect(thaw?.state === 'thawed' && thaw.expiresAtMs).toBeGreaterThan(Date.now() + 24 * hour);
    expect((await whole(store.get(ref, request))).length).toBe(100);
    expect(await store.restoreObject(ref, { days: 5, tier: 'Bulk' })).toBe('extended');
    const warm = await store.put(putOf('warm', randomBytes(1)));
    expect(await store.restoreObject(warm, { days: 1, tier: 'Bulk' })).toBe('notCold');
  });

  test('copies an exact version with our SHA-256, and protects and removes versions', async () => {
    const store = await rig.bucket();
    const [content, other] = [randomBytes(1_000), randomBytes(1_000)];
    const request = putOf('from', content);
    const ref = await store.put(request);
    await store.put(putOf('from', other));
    const copy = await store.copy({ ...ref, ...request }, { key: 'to', storageClass: 'STANDARD_IA' });
    expect((await whole(store.get(copy, request))).equals(content)).toBe(true);
    expect(await store.head('to')).toMatchObject({ sha256: request.sha256, storageClass: 'STANDARD_IA' });

    await store.setLegalHold(ref, true);
    expect(await store.head('from', ref.versionId)).toMatchObject({ legalHold: true });
    await expect(store.remove(ref)).rejects.toThrow(code('S3_OBJECT_LOCKED'));
    await store.setLegalHold(ref, false);
    const untilMs = Math.ceil((Date.now() + hour) / 1_000) * 1_000;
    await store.setRetention(copy, { mode: 'GOVERNANCE', untilMs });
    expect(await store.head('to')).toMatchObject({ retention: { mode: 'GOVERNANCE', untilMs } });
    await expect(store.remove(copy)).rejects.toThrow(code('S3_OBJECT_LOCKED'));
    await store.remove(ref);
    await store.remove(ref);
    expect(await store.head('from', ref.versionId)).toBeUndefined();
    expect(await store.head('from')).toBeDefined();
  });

  test('reads what the bucket does, and writes its lifecycle with the rules of others as they were', async () => {
    const store = await rig.bucket();
    expect([await store.versioning(), await store.objectLock(), await store.lifecycle()]).toEqual([
      'enabled',
      true,
      [],
    ]);
    await rig.s3.bucket('plain', { lock: false, versioning: false });
    const plain = rig.open('plain');
    expect([await plain.versioning(), await plain.objectLock()]).toEqual(['off', false]);
    await expect(plain.put(putOf('x', randomBytes(1)))).rejects.toThrow(code('S3_NO_VERSIONING'));
    await expect(rig.open('none-such').versioning()).rejects.toThrow(code('S3_NO_BUCKET'));

    const theirs = `<LifecycleConfiguration><Rule><ID>logs</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>
      <Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>`;
    await rig.s3.other('PUT', `${store.bucket}?lifecycle`, { body: theirs });
    const [rule] = await store.lifecycle();
    expect(rule).toMatchObject({ id: 'logs', prefix: 'logs/', enabled: true, expirationDays: 3 });
    const raw = {
      ...{ ID: 'ours', Status: 'Enabled', Filter: { Prefix: 'data/' } },
      Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }],
    };
    if (!rule) throw new Error('there is one');
    await store.putLifecycle([rule, { ...rule, id: 'ours', raw }]);
    const both = await store.lifecycle();
    expect(both.find(({ id }) => id === 'logs')).toEqual(rule);
    expect(both.find(({ id }) => id === 'ours')?.transitions).toEqual([{ days: 30, storageClass: 'STANDARD_IA' }]);
    await store.putLifecycle([]);
    expect(await store.lifecycle()).toEqual([]);
  });

  test('says what is refused, by whom and for what, and never the secret', async () => {
    const store = await rig.bucket();
    for (const [kind, wanted] of [
      ['denied', 'S3_NO_PERMISSION'],
      ['kms-disabled', 'S3_KEY_UNUSABLE'],
      ['missing', 'S3_OBJECT_MISSING'],
      ['expired', 'S3_OBJECT_COLD'],
    ] as const) {
      const ends = rig.s3.faults.add({ verb: 'GET' }, { kind });
      const ref = { key: 'k', versionId: 'v' };
      const error: unknown = await whole(store.getUnproven(ref, 10)).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: wanted, message: expect.stringContaining('GET k') as string });
      expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain('lab-secret');
      ends();
    }
  });
});

async function first(versions: AsyncIterable<unknown>): Promise<unknown> {
  for await (const version of versions) return version;
  return undefined;
}
