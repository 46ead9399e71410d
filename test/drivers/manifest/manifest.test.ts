import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BackupObject, ManifestHeader } from '../../../src/runs/index.ts';
import { manifestSigner, readManifest, storedObjects, writeManifest } from '../../../src/drivers/manifest/index.ts';
import { memoryPayloads } from '../../support/payloads.ts';
import { whole } from '../../support/s3-rig.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
const publicKeys = { k1: (publicKey.export({ format: 'der', type: 'spki' }) as Buffer).toString('base64') };
const other = generateKeyPairSync('ed25519');
const otherPem = other.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
const otherKeys = { k2: (other.publicKey.export({ format: 'der', type: 'spki' }) as Buffer).toString('base64') };

const backupId = '20260131T010203Z-abcdef';
const header: ManifestHeader = {
  ...{ format: 'gantry-manifest', version: 1, archive: 'main', backupId, createdAt: '2026-01-31T01:02:03.000Z' },
  ...{ kind: 'full', fullBackupId: backupId, fullCreatedAt: '2026-01-31T01:02:03.000Z' },
  verifiedAt: '2026-01-31T02:00:00.000Z',
};
const objectOf = (n: number): BackupObject => ({
  ...{ key: `gantry/data/x/${n}`, versionId: `v${n}`, size: 10 * n, sha256: n.toString(16).padStart(64, '0') },
  ...{ storageClass: 'STANDARD', role: 'data', encoding: 'gzip', backupId, readAt: '2026-01-31T01:03:00.000Z' },
  source: { kind: 'clickhouse', cluster: 'metrics', table: 'db.t', partition: `2026${n}`, shard: 1 },
  rowDigest: { rows: n, sum: '1', xor: '2', final: false },
  rows: n,
});
async function* objects(count: number) {
  for (let n = 1; n <= count; n += 1) yield objectOf(n);
}
const made = (count = 3, signer = manifestSigner('k1', pem, publicKeys), head = header) =>
  whole(writeManifest(head, objects(count), signer));
async function* bytes(content: Uint8Array, piece = 7) {
  for (let at = 0; at < content.length; at += piece) yield content.subarray(at, at + piece);
}
const trust = { archive: 'main', backupId, publicKeys };
const code = (wanted: string) => expect.objectContaining({ code: wanted }) as Error;

describe('a manifest', () => {
  test('is read back as it was written, its objects stored', async () => {
    const payloads = memoryPayloads();
    const {
      header: head,
      trailer,
      objects: stored,
    } = await readManifest(bytes(await made(300), 1_000), trust, payloads);
    expect(head).toEqual(header);
    expect(trailer).toMatchObject({ objects: 300, tally: { data: { objects: 300, bytes: 451_500 } } });
    const found: BackupObject[] = [];
    for await (const object of storedObjects(payloads, stored)) found.push(object);
    expect([found.length, found[0], found[299]]).toEqual([300, objectOf(1), objectOf(300)]);
  });

  test('of no object is one too', async () => {
    expect((await readManifest(bytes(await made(0)), trust, memoryPayloads())).trailer.objects).toBe(0);
  });

  test('is refused with any bit of its content changed, and nothing of it is stored', async () => {
    const content = gunzipSync(await made());
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(content);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const payloads = memoryPayloads();
        const read = readManifest(bytes(gzipSync(changed), 500), trust, payloads);
        await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/^ARCHIVE_MANIFEST_/) as string });
        expect(payloads.held.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test('is refused cut anywhere', async () => {
    const content = await made();
    await fc.assert(
      fc.asyncProperty(fc.nat(content.length - 1), async (end) => {
        const read = readManifest(bytes(content.subarray(0, end), 500), trust, memoryPayloads());
        await expect(read).rejects.toMatchObject({ code: 'ARCHIVE_MANIFEST_MALFORMED' });
      }),
      { numRuns: 50 },
    );
  });

  test('is refused without one of its lines, with one twice, or with two swapped', async () => {
    const lines = gunzipSync(await made())
      .toString()
      .trimEnd()
      .split('\n');
    for (const changed of [
      lines.toSpliced(2, 1),
      lines.toSpliced(2, 0, lines[2] ?? ''),
      lines.toSpliced(1, 2, lines[2] ?? '', lines[1] ?? ''),
    ]) {
      const read = readManifest(bytes(gzipSync(`${changed.join('\n')}\n`), 500), trust, memoryPayloads());
      await expect(read).rejects.toThrow(code('ARCHIVE_MANIFEST_UNTRUSTED'));
    }
  });

  test('is refused when another key signed it, and when it stands in the place of another one', async () => {
    const byOther = await made(3, manifestSigner('k2', otherPem, otherKeys));
    await expect(readManifest(bytes(byOther), trust, memoryPayloads())).rejects.toThrow(
      /key k2, which the platform file/,
    );
    const asOurs = { ...trust, publicKeys: { k2: publicKeys.k1 } };
    await expect(readManifest(bytes(byOther), asOurs, memoryPayloads())).rejects.toThrow(/did not make its signature/);
    const older = { ...trust, backupId: '20260201T010203Z-abcdef' };
    await expect(readManifest(bytes(await made()), older, memoryPayloads())).rejects.toThrow(
      code('ARCHIVE_MANIFEST_UNTRUSTED'),
    );
    const archive = { ...trust, archive: 'elsewhere' };
    await expect(readManifest(bytes(await made()), archive, memoryPayloads())).rejects.toThrow(/it is that of main/);
  });

  test('is not made with a key that is not that of its name, and the key is in no error', () => {
    expect(() => manifestSigner('k1', otherPem, publicKeys)).toThrow(code('ARCHIVE_KEY_UNUSABLE'));
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'pem', type: 'pkcs8' });
    expect(() => manifestSigner('k1', rsa as string, publicKeys)).toThrow(/is rsa, not Ed25519/);
    try {
      manifestSigner('k1', pem.replace('PRIVATE', 'PUBLIC'), publicKeys);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error) + String((error as Error).message)).not.toContain(pem.split('\n')[1]);
    }
  });

  test('passes on what its body fails with', async () => {
    const content = await made();
    async function* failing() {
      yield content.subarray(0, 20);
      throw new RangeError('the store broke off');
    }
    await expect(readManifest(failing(), trust, memoryPayloads())).rejects.toThrow('the store broke off');
  });
});
