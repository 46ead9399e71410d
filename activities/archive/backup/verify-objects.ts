import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupObject } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import { atOnce } from '../lists/at-once.ts';
import { listedObjects } from '../lists/lists.ts';
import { spooling } from '../spool/spool.ts';
import type { OfBackup } from './source-step.ts';
import { removeAll } from './source-step.ts';

/** How many objects the steps before said that they listed: a list that is lost is found here. */
type Verify = OfBackup & { objects: number };

export type Verified = { verifiedAt?: string; read?: number; bytes?: number };

/** More are counted, and not named. */
const named = 50;

/**
 * Reads back every object that this backup wrote, to its last byte, and compares: a backup is done only then. Those that it
 * carried over were read back by the backup that wrote them, and were looked at when they were taken over.
 */
export const verifyObjects = defineStep<Verify, Verified, ArchiveDeps>({
  name: 'archive.verify-objects',
  probe: ({ opened }, { archives }, context) => {
    const access = archives(opened.archive);
    return withStore(access, context, async (store) => {
      const facts = await store.head(access.keys.verified(opened.backupId));
      const verifiedAt = facts?.metadata['gantry-verified-at'];
      if (verifiedAt === undefined) return todo({}, 'the objects were not read back yet');
      const [read, bytes] = ['gantry-read', 'gantry-bytes'].map((name) => Number(facts?.metadata[name] ?? 0));
      return done({ verifiedAt, read: read ?? 0, bytes: bytes ?? 0 }, `${read} objects read back, ${bytes} bytes`);
    });
  },
  apply: ({ opened, objects }, _seen, { archives }, context) => {
    const access = archives(opened.archive);
    const { backupId } = opened;
    return withStore(access, context, async (store) => {
      const startedAt = performance.now();
      const tally = { listed: 0, read: 0, bytes: 0, bad: 0 };
      const bad: { key: string; why: string }[] = [];
      await atOnce(access.config.transfer.concurrency, listedObjects(access, store, backupId), async (object) => {
        tally.listed += 1;
        if (object.backupId !== backupId) return;
        const why = await faultOf(store, object);
        if (why !== undefined) {
          tally.bad += 1;
          if (bad.length < named) bad.push({ key: object.key, why });
        }
        tally.read += 1;
        tally.bytes += object.size;
        context.progress({ read: tally.read });
      });
      if (tally.bad > 0) {
        const names = bad.map(({ key, why }) => `${key}: ${why}`).join('; ');
        throw new GantryError('ARCHIVE_OBJECT_CHANGED', `${tally.bad} objects are not as they were written: ${names}`, {
          evidence: { objects: bad },
        });
      }
      if (tally.listed !== objects)
        throw new GantryError('ARCHIVE_OBJECT_CHANGED', `${tally.listed} objects are listed, ${objects} were`);
      const seconds = (performance.now() - startedAt) / 1_000;
      context.measure('mbPerS', tally.bytes / 1e6 / Math.max(seconds, 0.001));
      const metadata = {
        'gantry-verified-at': new Date().toISOString(),
        'gantry-read': String(tally.read),
        'gantry-bytes': String(tally.bytes),
      };
      const content = (async function* () {
        yield Buffer.from(`${JSON.stringify(metadata)}\n`, 'utf8');
      })();
      await spooling(access, context.unit, content, 'identity', ({ size, sha256, body }) =>
        store.put({ key: access.keys.verified(backupId), size, sha256, body, metadata }),
      );
    });
  },
  undo: ({ opened }, _before, { archives }, context) => {
    const access = archives(opened.archive);
    return withStore(access, context, (store) => removeAll(store, [access.keys.verified(opened.backupId)]));
  },
});

/** What is wrong with an object, in words. Bytes that are wrong are read a second time: the way may have been at fault. */
async function faultOf(
  store: ObjectStore,
  { key, versionId, size, sha256 }: BackupObject,
): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const chunk of store.get({ key, versionId }, { size, sha256 })) void chunk;
      return undefined;
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      if (error.code === 'S3_OBJECT_MISSING') return 'it is not there any more';
      if (error.code !== 'S3_BODY_DAMAGED') throw error;
      if (attempt > 1) return error.message;
    }
  }
}
