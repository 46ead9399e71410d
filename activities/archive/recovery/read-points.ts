import { readManifest, storedObjects } from '../../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../../src/drivers/s3/types.ts';
import { troubleOf } from '../../../src/errors/index.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { chooseParts } from '../../../src/planning/archive/recovery/index.ts';
import type { RecoveryPoint } from '../../../src/planning/archive/recovery/index.ts';
import type { BackupObject, PayloadStore, RestorePart } from '../../../src/runs/index.ts';
import { archiveKeys, backupIdOfKey } from '../../../src/runs/index.ts';
import type { RecoveryAccess } from './access.ts';
import type { Seen } from './findings.ts';
import { eachOf } from './objects.ts';

/** A backup that can be restored from, with what is needed of it. */
export type Usable = { point: RecoveryPoint; objects: readonly Seen[]; parts: readonly RestorePart[] };

export type FoundPoints = {
  /** Those that were looked at, newest first: none after the first that can be used. */
  points: readonly RecoveryPoint[];
  usable: Usable | undefined;
  /** Why `what` is none of the backup's, where that is so. */
  refused?: readonly { code: ErrorCode; message: string; place?: string }[];
};

/** So many are looked at before it is the archive that is in trouble, and no backup. */
const mostPoints = 40;
/** Packed: 600 bytes an object pack to a quarter. */
const manifestBytes = 4 * 2 ** 30;
const window = 16;
const shown = 5;
/** What is wrong with the object itself, and not with the way to it. */
const ofTheObject: readonly string[] = ['S3_OBJECT_MISSING', 'S3_BODY_TOO_LARGE', 'S3_BODY_DAMAGED'];

/**
 * Looks at backups from the newest on until one can be restored from: its manifest is signed by a known key and whole, no drill has
 * marked it bad, and each object that is needed is there in its exact version, with its size and checksum. A delete mark over a
 * manifest hides it from listings, not from this: what lies below is signed.
 */
export async function readPoints(
  access: RecoveryAccess,
  store: ObjectStore,
  payloads: PayloadStore,
  { what, wanted }: { what: string; wanted: string | undefined },
): Promise<FoundPoints> {
  const { prefix } = access.config;
  const points: RecoveryPoint[] = [];
  for (const { key, versionId, backupId } of await manifestsOf(store, prefix, wanted)) {
    const { point, objects } = await readPoint(access, store, payloads, { key, versionId, backupId });
    if (point.problems.length > 0) {
      points.push(point);
      continue;
    }
    const chosen = chooseParts(objects, what);
    if (!chosen.ok) return { points, usable: undefined, refused: chosen.findings };
    const seen = await lookAt(store, chosen.objects);
    if (seen.problems.length === 0)
      return { points: [...points, point], usable: { point, objects: seen.objects, parts: chosen.parts } };
    points.push({ ...point, problems: seen.problems });
  }
  return { points, usable: undefined };
}

type ManifestAt = { key: string; versionId: string; backupId: string };

/** Newest first; of each the newest version that is no delete mark. */
async function manifestsOf(store: ObjectStore, prefix: string, wanted: string | undefined): Promise<ManifestAt[]> {
  const found = new Map<string, ManifestAt>();
  const { manifests, manifest } = archiveKeys(prefix);
  for await (const { key, versionId, deleteMarker } of store.versions(wanted ? manifest(wanted) : manifests)) {
    const backupId = backupIdOfKey(prefix, key);
    if (backupId === undefined || deleteMarker || found.has(backupId)) continue;
    if (wanted === undefined || backupId === wanted) found.set(backupId, { key, versionId, backupId });
  }
  return [...found.values()].sort((a, b) => (a.backupId < b.backupId ? 1 : -1)).slice(0, mostPoints);
}

async function readPoint(
  access: RecoveryAccess,
  store: ObjectStore,
  payloads: PayloadStore,
  { key, versionId, backupId }: ManifestAt,
): Promise<{ point: RecoveryPoint; objects: BackupObject[] }> {
  const { config } = access;
  const mark = await store.head(archiveKeys(config.prefix).verdict(backupId));
  if (mark) {
    const report = decodeURIComponent(mark.metadata['gantry-report'] ?? mark.key);
    const message = `a drill of ${backupId} failed: ${report}`;
    return { point: { backupId, problems: [{ code: 'ARCHIVE_BACKUP_BAD', message, place: mark.key }] }, objects: [] };
  }
  try {
    const trust = { archive: access.name, backupId, publicKeys: config.signing.publicKeys };
    // The signature proves what it says. What the store says that it wrote also shows a bit that means nothing, of gzip itself.
    const facts = await store.head(key, versionId);
    const body =
      facts?.sha256 === undefined
        ? store.getUnproven({ key, versionId }, manifestBytes)
        : store.get({ key, versionId }, { size: facts.size, sha256: facts.sha256 });
    const { header, objects: stored } = await readManifest(body, trust, payloads);
    const objects: BackupObject[] = [];
    for await (const object of storedObjects(payloads, stored)) objects.push(object);
    return { point: { backupId, header, problems: [] }, objects };
  } catch (error) {
    const { code, message } = troubleOf(error);
    // A store that cannot be read says nothing of the backup.
    if (!code.startsWith('ARCHIVE_') && !ofTheObject.includes(code)) throw error;
    const named = message.includes(key) ? message : `${key}: ${message}`;
    return { point: { backupId, problems: [{ code, message: named, place: key }] }, objects: [] };
  }
}

async function lookAt(
  store: ObjectStore,
  objects: readonly BackupObject[],
): Promise<{ objects: readonly Seen[]; problems: RecoveryPoint['problems'] }> {
  const problems: { code: ErrorCode; message: string; place: string }[] = [];
  const seen = new Map<string, Seen>();
  await eachOf(objects, window, async (object) => {
    const found = await store.head(object.key, object.versionId);
    const wrong = !found
      ? 'is not there any more'
      : found.size !== object.size
        ? `has ${found.size} bytes, not ${object.size}`
        : found.sha256 !== undefined && found.sha256 !== object.sha256
          ? `says that its SHA-256 is ${found.sha256}, not ${object.sha256}`
          : undefined;
    if (!found || wrong) {
      const message = `${object.key} (version ${object.versionId}) ${wrong ?? 'is not there any more'}`;
      problems.push({ code: 'ARCHIVE_OBJECT_CHANGED', message, place: object.key });
      return;
    }
    const held = found.legalHold ? Number.POSITIVE_INFINITY : (found.retention?.untilMs ?? 0);
    const { storageClass, lastModifiedMs } = found;
    seen.set(object.key, { ...object, storageClass, lastModifiedMs, protectedUntilMs: held });
  });
  const more = problems.length - shown;
  const first = problems.slice(0, shown);
  const last = first.at(-1);
  return {
    objects: objects.flatMap(({ key }) => seen.get(key) ?? []),
    problems: more > 0 && last ? [...first, { ...last, message: `and ${more} more objects` }] : first,
  };
}
