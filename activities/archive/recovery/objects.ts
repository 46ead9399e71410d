import type { ObjectRef, ObjectStore } from '../../../src/drivers/s3/types.ts';
import type { PayloadStore, RestoreObject, RestorePart, Stored } from '../../../src/runs/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';

/** The objects of a restore, one after another: a list of any length is never held as a whole. */
export async function* objectsOf(payloads: PayloadStore, stored: Stored<RestoreObject>): AsyncGenerator<RestoreObject> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of payloads.read(stored)) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield JSON.parse(rest.slice(0, end)) as RestoreObject;
      rest = rest.slice(end + 1);
    }
  }
  if (rest !== '') yield JSON.parse(rest) as RestoreObject;
}

/** The objects as they are stored. */
export async function* asLines(objects: readonly RestoreObject[]): AsyncGenerator<string> {
  for (const object of objects) yield `${JSON.stringify(object)}\n`;
}

/** Whether an object is of this part: its rows or its snapshot. */
export function isOf(part: RestorePart, { source }: Pick<RestoreObject, 'source'>): boolean {
  if (part.kind === 'redis') return source.kind === 'redis' && source.group === part.group;
  return source.kind === 'clickhouse' && source.cluster === part.cluster && source.table === part.table;
}

/** Some at a time; the store's own limits hold them back. The first failure ends it, once those under way have ended. */
export async function eachOf<T>(
  items: AsyncIterable<T> | Iterable<T>,
  window: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  for await (const item of items) {
    if (failed) break;
    const one: Promise<void> = act(item)
      .catch((error: unknown) => void (failed ??= { error }))
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= window) await Promise.race(running);
  }
  await Promise.all(running);
  if (failed) throw failed.error;
}

/** Where the copy of a thawed object lies: below the archive's prefix, and outside of what ages. */
export function copyKey(prefix: string, name: string, { key }: Pick<RestoreObject, 'key'>): string {
  const { data } = archiveKeys(prefix);
  return `${copiesOf(prefix, name)}${key.startsWith(data) ? key.slice(data.length) : key}`;
}

/** What a copy says of itself: of which version of which object it is. */
export function copyMetadata({ key, versionId }: ObjectRef): Record<string, string> {
  return { 'gantry-copy-of': encodeURIComponent(key), 'gantry-copy-version': versionId };
}

/** Whether the restore has any copy yet: one page of a listing instead of a HEAD for each object. */
export async function hasCopies(store: ObjectStore, prefix: string, name: string): Promise<boolean> {
  for await (const { deleteMarker } of store.versions(copiesOf(prefix, name))) if (!deleteMarker) return true;
  return false;
}

/** Where the copies of a restore lie. */
export function copiesOf(prefix: string, name: string): string {
  return `${prefix}restores/${name}/`;
}

/** The copy of an object, if it is there and says that it is of exactly this version. */
export async function copyOf(
  store: ObjectStore,
  prefix: string,
  name: string,
  object: RestoreObject,
): Promise<ObjectRef | undefined> {
  const found = await store.head(copyKey(prefix, name, object));
  if (!found || found.size !== object.size || found.sha256 !== object.sha256) return undefined;
  if (found.metadata['gantry-copy-version'] !== object.versionId) return undefined;
  return { key: found.key, versionId: found.versionId };
}

/** Where an object is read: its copy, where it was thawed; itself otherwise. */
export async function readable(
  store: ObjectStore,
  prefix: string,
  name: string,
  object: RestoreObject,
): Promise<ObjectRef | undefined> {
  if (object.tier === undefined) return { key: object.key, versionId: object.versionId };
  return copyOf(store, prefix, name, object);
}
