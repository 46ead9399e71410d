import { createHash } from 'node:crypto';
import { archiveKeys } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from '../recovery/access.ts';
import { withStore } from '../recovery/access.ts';

export type MarkInput = { archive: string; backupId: string; code: string; why: string };

/**
 * Marks a backup whose drill failed: from now on it counts as no backup, for every restore. The mark is an object beside the
 * manifest, so that it is there for whoever reads the bucket, also without this installation of Gantry.
 */
export const markBackup = defineStep<MarkInput, { marked: boolean }, RecoveryDeps>({
  name: 'archive.mark-backup',
  probe: async ({ archive, backupId }, { recovery }, context) => {
    const access = await recovery(archive);
    const key = archiveKeys(access.config.prefix).verdict(backupId);
    const mark = await withStore(access, context, (store) => store.head(key));
    return mark
      ? done({ marked: true }, `${backupId} is marked as bad`)
      : todo({ marked: false }, `${backupId} has no mark`);
  },
  apply: async ({ archive, backupId, code, why }, _seen, { recovery }, context) => {
    const access = await recovery(archive);
    const content = Buffer.from(`${JSON.stringify({ backupId, verdict: 'bad', code, why, unit: context.unit })}\n`);
    await withStore(access, context, (store) =>
      store.put({
        key: archiveKeys(access.config.prefix).verdict(backupId),
        size: content.byteLength,
        sha256: createHash('sha256').update(content).digest('hex'),
        storageClass: access.config.classes.metadata,
        contentType: 'application/json',
        metadata: { 'gantry-report': encodeURIComponent(`${code}: ${why}`.slice(0, 400)) },
        body: async function* ({ start, end }) {
          yield content.subarray(start, end);
        },
      }),
    );
  },
});
