import { writeManifest as manifestBody } from '../../../src/drivers/manifest/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ManifestHeader, ManifestRef, ManifestTally } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import { readBackup } from '../access/backups.ts';
import { listedObjects } from '../lists/lists.ts';
import { spooling } from '../spool/spool.ts';
import type { OfBackup } from './source-step.ts';
import { removeAll } from './source-step.ts';

type Write = OfBackup & { verifiedAt: string; objects: number };

export type Written = { manifest?: ManifestRef; objects?: number; bytes?: number; tally?: ManifestTally };

/** Signs and writes the manifest, after the objects were read back; its last look reads it back and verifies its signature. */
export const writeManifest = defineStep<Write, Written, ArchiveDeps>({
  name: 'archive.write-manifest',
  probe: ({ opened }, { archives, payloads }, context) => {
    const access = archives(opened.archive);
    const { backupId } = opened;
    const key = access.keys.manifest(backupId);
    return withStore(access, context, async (store) => {
      const facts = await store.head(key);
      if (!facts) return todo({}, 'there is no manifest yet');
      const { versionId, size } = facts;
      const { ref, trailer } = await readBackup(access, store, { backupId, key, versionId, size }, payloads);
      const { objects, bytes, tally } = trailer;
      return done({ manifest: ref, objects, bytes, tally }, `${backupId}: ${objects} objects, ${bytes} bytes, signed`);
    });
  },
  apply: ({ opened, verifiedAt, objects }, _seen, { archives }, context) => {
    const access = archives(opened.archive);
    const { archive, backupId, createdAt, kind, fullBackupId, fullCreatedAt, previous } = opened;
    return withStore(access, context, async (store) => {
      const header: ManifestHeader = {
        ...{ format: 'gantry-manifest', version: 1, archive, backupId, createdAt, kind, fullBackupId, fullCreatedAt },
        ...(previous
          ? { previous: { key: previous.key, versionId: previous.versionId, sha256: previous.sha256 } }
          : {}),
        verifiedAt,
      };
      let listed = 0;
      const all = manifestBody(header, listedObjects(access, store, backupId), access.signer(), (trailer) => {
        listed = trailer.objects;
      });
      await spooling(access, context.unit, all, 'identity', async ({ size, sha256, body }) => {
        if (listed !== objects)
          throw new GantryError('ARCHIVE_OBJECT_CHANGED', `${listed} objects are listed, ${objects} were read back`);
        const key = access.keys.manifest(backupId);
        await store.put({ key, size, sha256, body, storageClass: access.config.classes.metadata });
      });
    });
  },
  undo: ({ opened }, _before, { archives }, context) => {
    const access = archives(opened.archive);
    return withStore(access, context, (store) => removeAll(store, [access.keys.manifest(opened.backupId)]));
  },
});
