import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import type { BackupObject } from '../../../src/runs/index.ts';

/**
 * Whether an object of an earlier backup is still there as its manifest says. Its bytes were read back by the backup that wrote
 * them, and may be cold now: HEAD alone is asked. One that is not there any more is exported again.
 */
export async function carries(store: ObjectStore, object: BackupObject): Promise<boolean> {
  const facts = await store.head(object.key, object.versionId);
  return facts?.size === object.size && facts.sha256 === object.sha256;
}
