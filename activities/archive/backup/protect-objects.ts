import type { ObjectRef, ObjectStore } from '../../../src/drivers/s3/index.ts';
import type { Archive } from '../../../src/platform/index.ts';
import type { OpenedBackup } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import { atOnce } from '../lists/at-once.ts';
import { listedObjects } from '../lists/lists.ts';
import type { OfBackup } from './source-step.ts';

export type Protected = { untilMs?: number; legalHold?: boolean };

/**
 * Puts the retention, and the legal hold where it is asked for, on each object that this backup wrote, the manifest last: that
 * it has them says that all have. They last as long as a later increment may stand on them.
 */
export const protectObjects = defineStep<OfBackup, Protected, ArchiveDeps>({
  name: 'archive.protect-objects',
  probe: ({ opened }, { archives }, context) => {
    const access = archives(opened.archive);
    const untilMs = keptUntil(opened, access.config);
    return withStore(access, context, async (store) => {
      const facts = await store.head(access.keys.manifest(opened.backupId));
      const held = access.config.legalHold ? facts?.legalHold === true : true;
      const kept = access.config.lock === 'none' || (facts?.retention?.untilMs ?? 0) >= untilMs;
      const seen = {
        ...(facts?.retention ? { untilMs: facts.retention.untilMs } : {}),
        legalHold: facts?.legalHold === true,
      };
      const until = new Date(untilMs).toISOString().slice(0, 10);
      return held && kept ? done(seen, `kept until ${until}`) : todo(seen, `not protected until ${until} yet`);
    });
  },
  apply: ({ opened }, _seen, { archives }, context) => {
    const access = archives(opened.archive);
    const { backupId } = opened;
    return withStore(access, context, async (store) => {
      const { concurrency } = access.config.transfer;
      let count = 0;
      await atOnce(concurrency, listedObjects(access, store, backupId), async (object) => {
        if (object.backupId !== backupId) return;
        await protect(store, object, opened, access.config);
        count += 1;
        context.progress({ protected: count });
      });
      const manifest = await store.head(access.keys.manifest(backupId));
      if (manifest) await protect(store, manifest, opened, access.config);
      context.measure('objects', count);
    });
  },
});

async function protect(store: ObjectStore, ref: ObjectRef, opened: OpenedBackup, config: Archive): Promise<void> {
  const untilMs = keptUntil(opened, config);
  if (config.lock !== 'none')
    await store.setRetention(ref, { mode: config.lock === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE', untilMs });
  if (config.legalHold) await store.setLegalHold(ref, true);
}

/** Whole seconds, as the store keeps them. */
function keptUntil({ createdAt }: OpenedBackup, { retentionMs, fullEveryMs }: Archive): number {
  return Math.floor((Date.parse(createdAt) + retentionMs + fullEveryMs) / 1_000) * 1_000;
}
