import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { AuditData, Finding, ManifestsVerdict } from '../../../src/runs/index.ts';
import { archiveKeys, backupIdOfKey } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { BackupName, TrustedBackup } from '../access/backups.ts';
import { readBackup } from '../access/backups.ts';
import type { RecoveryAccess, RecoveryDeps } from '../recovery/access.ts';
import { withStore } from '../recovery/access.ts';

/** Clocks of workers may differ by so much. */
const clockSkewMs = 10 * 60_000;

/**
 * Verifies the newest manifests, and that the newest that can be trusted is young enough. A bucket that lists no backup fails: no data is
 * never good news.
 */
export const auditManifests = defineStep<AuditData, ManifestsVerdict, RecoveryDeps>({
  name: 'archive.audit-manifests',
  probe: async ({ archive, maxAgeMs, manifests }, { recovery, payloads }, context) => {
    const access = await recovery(archive);
    return withStore(access, context, async (store) => {
      const names = await listed(access, store);
      const findings: Finding[] = [];
      let newest: TrustedBackup | undefined;
      let verified = 0;
      for (const name of names.slice(0, manifests)) {
        if (name.hidden)
          findings.push({
            code: 'ARCHIVE_BACKUP_INCOMPLETE',
            message: `the manifest of ${name.backupId} is hidden by a delete mark`,
            place: name.key,
          });
        try {
          const read = await readBackup(access, store, name, payloads);
          verified += 1;
          newest ??= (await isMarked(access, store, name, findings)) ? undefined : read;
        } catch (error) {
          if (!(error instanceof GantryError) || !isOfTheManifest(error.code)) throw error;
          findings.push({ code: error.code, message: error.message, place: name.key });
        }
        context.progress({ verified });
      }
      const nowMs = await access.now();
      const age = newest && { createdAt: newest.header.createdAt, ageMs: nowMs - Date.parse(newest.header.createdAt) };
      if (!newest || !age) {
        const words = names.length === 0 ? 'the bucket lists none' : `none of the newest ${manifests} can be trusted`;
        findings.push({ code: 'ARCHIVE_NO_BACKUP', message: `${archive} has no backup: ${words}`, place: archive });
      } else if (age.ageMs > maxAgeMs || age.ageMs < -clockSkewMs) {
        const message = `the newest backup that can be trusted, ${newest.backupId}, was made ${age.createdAt}; the archive allows ${maxAgeMs / 3_600_000} h`;
        findings.push({ code: 'ARCHIVE_BACKUP_TOO_OLD', message, place: newest.backupId });
      }
      const verdict: ManifestsVerdict = {
        ...{ listed: names.length, verified, findings },
        ...(newest && age ? { newest: { backupId: newest.backupId, objects: newest.objects, ...age } } : {}),
      };
      return done(verdict, `${verified} of ${Math.min(names.length, manifests)} manifests verify`);
    });
  },
});

type Listed = BackupName & { hidden: boolean };

/** Newest first; of each the newest version that is no delete mark, and whether one hides it. */
async function listed({ config: { prefix } }: RecoveryAccess, store: ObjectStore): Promise<Listed[]> {
  const found = new Map<string, Listed>();
  const hidden = new Set<string>();
  for await (const { key, versionId, size, deleteMarker, isLatest } of store.versions(archiveKeys(prefix).manifests)) {
    const backupId = backupIdOfKey(prefix, key);
    if (backupId === undefined) continue;
    if (deleteMarker && isLatest) hidden.add(backupId);
    if (deleteMarker || found.has(backupId)) continue;
    found.set(backupId, { backupId, key, versionId, size, hidden: false });
  }
  return [...found.values()]
    .map((one) => ({ ...one, hidden: hidden.has(one.backupId) }))
    .sort((a, b) => (a.backupId < b.backupId ? 1 : -1));
}

/** A drill that failed is a finding as long as no newer backup takes the place of what it marked. */
async function isMarked(
  { config: { prefix } }: RecoveryAccess,
  store: ObjectStore,
  { backupId }: BackupName,
  findings: Finding[],
): Promise<boolean> {
  const mark = await store.head(archiveKeys(prefix).verdict(backupId));
  if (!mark) return false;
  findings.push({ code: 'ARCHIVE_BACKUP_BAD', message: `a drill of ${backupId} failed`, place: mark.key });
  return true;
}

/** What is wrong with the manifest itself, and not with the way to it. */
function isOfTheManifest(code: string): boolean {
  return code.startsWith('ARCHIVE_MANIFEST_') || code === 'S3_BODY_DAMAGED' || code === 'S3_OBJECT_MISSING';
}
