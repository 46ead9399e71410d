import { backupObject, gunzippedLines } from '../../../src/drivers/manifest/index.ts';
import type { ObjectFacts, ObjectStore } from '../../../src/drivers/s3/index.ts';
import type { BackupObject, ObjectList } from '../../../src/runs/index.ts';
import type { ArchiveAccess } from '../access/access.ts';
import { spooling } from '../spool/spool.ts';

/** Writes down which objects a step made or carried over: gzip, a line of JSON each. That it is there says that the step is done. */
export async function writeList(
  access: ArchiveAccess,
  store: ObjectStore,
  { key, unit, backupId }: { key: string; unit: string; backupId: string },
  objects: AsyncIterable<BackupObject>,
): Promise<ObjectList> {
  const tally = { objects: 0, bytes: 0, made: 0 };
  const lines = (async function* () {
    for await (const object of objects) {
      tally.objects += 1;
      tally.bytes += object.size;
      if (object.backupId === backupId) tally.made += 1;
      yield Buffer.from(`${JSON.stringify(object)}\n`, 'utf8');
    }
  })();
  return spooling(access, unit, lines, 'gzip', async ({ size, sha256, body }) => {
    const metadata = Object.fromEntries(
      Object.entries(tally).map(([name, value]) => [`gantry-${name}`, String(value)]),
    );
    const storageClass = access.config.classes.metadata;
    const ref = await store.put({ key, size, sha256, body, storageClass, metadata });
    return { ...ref, ...tally };
  });
}

/** A list by what HEAD says of it. */
export function listOf({ key, versionId, metadata }: ObjectFacts): ObjectList {
  const figure = (name: string): number => Number(metadata[`gantry-${name}`] ?? 0);
  return { key, versionId, objects: figure('objects'), bytes: figure('bytes'), made: figure('made') };
}

/** The objects of every list of a backup under way, list by list. @throws S3_BODY_DAMAGED once a damaged one is at its end */
export async function* listedObjects(
  access: ArchiveAccess,
  store: ObjectStore,
  backupId: string,
): AsyncGenerator<BackupObject> {
  for (const { key, versionId, size } of await listKeys(access, store, backupId)) {
    const sha256 = (await store.head(key, versionId))?.sha256 ?? '';
    for await (const line of gunzippedLines(store.get({ key, versionId }, { size, sha256 }), key))
      yield backupObject.parse(JSON.parse(line.toString('utf8')));
  }
}

/** The lists of a backup under way: one for each shard of each table, and a few more. */
export async function listKeys(
  { keys }: ArchiveAccess,
  store: ObjectStore,
  backupId: string,
): Promise<{ key: string; versionId: string; size: number }[]> {
  const found: { key: string; versionId: string; size: number }[] = [];
  for await (const { key, versionId, size, isLatest, deleteMarker } of store.versions(keys.lists(backupId)))
    if (isLatest && !deleteMarker) found.push({ key, versionId, size });
  return found;
}
