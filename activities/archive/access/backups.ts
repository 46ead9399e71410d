import type { TrustedManifest } from '../../../src/drivers/manifest/index.ts';
import { readManifest } from '../../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ManifestRef, PayloadStore } from '../../../src/runs/index.ts';
import { backupIdOfKey } from '../../../src/runs/index.ts';
import type { ArchiveAccess } from './access.ts';

/** A manifest that is there; whether it can be trusted is another question. */
export type BackupName = { backupId: string; key: string; versionId: string; size: number };

/** A backup whose manifest was read and found right. */
export type TrustedBackup = TrustedManifest & { ref: ManifestRef; backupId: string };

/** A backup that is there and counts for nothing, and why. */
export type RefusedBackup = { backupId: string; code: string; why: string };

/** Manifests are small beside what they list: 600 bytes an object, compressed to a quarter. */
const maxManifestBytes = 4 * 2 ** 30;
/** How many backups are tried until one can be trusted. */
const tries = 10;

/** Every backup of an archive, newest first. Ids alone are held: a year of daily ones is a few hundred. */
export async function backupNames(access: ArchiveAccess, store: ObjectStore): Promise<BackupName[]> {
  const found: BackupName[] = [];
  for await (const { key, versionId, size, isLatest, deleteMarker } of store.versions(access.keys.manifests)) {
    const backupId = backupIdOfKey(access.config.prefix, key);
    if (backupId !== undefined && isLatest && !deleteMarker) found.push({ backupId, key, versionId, size });
  }
  return found.sort((a, b) => (a.backupId < b.backupId ? 1 : -1));
}

/** What it takes to read the manifests of an archive. */
type OfArchive = Pick<ArchiveAccess, 'name'> & { config: Pick<ArchiveAccess['config'], 'signing'> };

/** Reads and verifies a manifest. @throws ARCHIVE_MANIFEST_UNTRUSTED, ARCHIVE_MANIFEST_MALFORMED, and what the store gives */
export async function readBackup(
  access: OfArchive,
  store: ObjectStore,
  { backupId, key, versionId }: BackupName,
  payloads: PayloadStore,
): Promise<TrustedBackup> {
  const { publicKeys } = access.config.signing;
  const body = store.getUnproven({ key, versionId }, maxManifestBytes);
  const manifest = await readManifest(body, { archive: access.name, backupId, publicKeys }, payloads);
  return { ...manifest, backupId, ref: { key, versionId, sha256: manifest.trailer.sha256 } };
}

/**
 * The newest backup that can be trusted: its manifest is signed, and no drill of it has failed. What is newer and refused
 * comes along, with why.
 */
export async function newestBackup(
  access: ArchiveAccess,
  store: ObjectStore,
  payloads: PayloadStore,
): Promise<{ newest?: TrustedBackup; refused: readonly RefusedBackup[] }> {
  const refused: RefusedBackup[] = [];
  for (const name of (await backupNames(access, store)).slice(0, tries)) {
    const { backupId } = name;
    try {
      if (await store.head(access.keys.verdict(backupId))) {
        refused.push({ backupId, code: 'ARCHIVE_NO_BACKUP', why: 'a drill of it failed' });
        continue;
      }
      return { newest: await readBackup(access, store, name, payloads), refused };
    } catch (error) {
      if (!(error instanceof GantryError) || !error.code.startsWith('ARCHIVE_MANIFEST_')) throw error;
      refused.push({ backupId, code: error.code, why: error.message });
    }
  }
  return { refused };
}
