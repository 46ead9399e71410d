import { createHash, randomUUID } from 'node:crypto';
import type { ObjectFacts, ObjectRef, ObjectStore, RestoreTier } from '../../src/drivers/s3/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { LifecycleRule } from '../../src/runs/index.ts';

type Version = ObjectRef & {
  bytes: Buffer;
  /** As they lay there before a fault. */
  metadata: Record<string, string>;
  storageClass: string;
  writtenAt: number;
  thaw?: { tier: RestoreTier; readyAt: number; days: number; expiresAt: number };
  legalHold: boolean;
  /** A mark of deletion, and no object. */
  deleteMarker?: true;
};

const hour = 3_600_000;
const day = 24 * hour;
const cold = ['GLACIER', 'DEEP_ARCHIVE'];

/** One bucket in memory, with Glacier's states by a clock that the test has. */
export type MemoryStore = ObjectStore & {
  versionsOf: (key: string) => Version[];
  rules: LifecycleRule[];
  /** Every request that changes something, in order: `<verb> <key>`. */
  readonly log: string[];
  /** What a request of this verb is answered instead; nothing lets it pass. */
  fault: (verb: string, key: string) => void;
  age: (storageClass: string, prefix: string) => void;
  /** Deletes without a VersionId: a mark hides what stays below it. */
  hide: (key: string) => void;
  thawMs: (storageClass: string, tier: RestoreTier, key: string) => number;
};

/** `now`: milliseconds; the whole state of a thaw follows from it. */
export function memoryStore(now: () => number | Promise<number>): MemoryStore {
  const held = new Map<string, Version[]>();
  const log: string[] = [];
  const missing = ({ key }: { key: string }): GantryError =>
    new GantryError('S3_OBJECT_MISSING', `${key} is not there`);
  const find = ({ key, versionId }: ObjectRef): Version => {
    const found = held.get(key)?.find((one) => one.versionId === versionId);
    if (!found) throw missing({ key });
    return found;
  };
  const isReadable = async (one: Version): Promise<boolean> => {
    if (!cold.includes(one.storageClass)) return true;
    const at = await now();
    return one.thaw !== undefined && at >= one.thaw.readyAt && at < one.thaw.expiresAt;
  };
  const factsOf = async (one: Version): Promise<ObjectFacts> => {
    const at = await now();
    const isCold = cold.includes(one.storageClass);
    const thaw: ObjectFacts['thaw'] = !isCold
      ? { state: 'warm' }
      : !one.thaw || at >= one.thaw.expiresAt
        ? { state: 'cold' }
        : at < one.thaw.readyAt
          ? { state: 'thawing' }
          : { state: 'thawed', expiresAtMs: one.thaw.expiresAt };
    const sha256 = one.metadata['gantry-sha256'];
    return {
      ...{ key: one.key, versionId: one.versionId, size: one.bytes.byteLength, storageClass: one.storageClass, thaw },
      ...(sha256 ? { sha256 } : {}),
      ...{ metadata: one.metadata, lastModifiedMs: one.writtenAt, legalHold: one.legalHold, etag: one.versionId },
    };
  };
  const write = async (
    key: string,
    bytes: Buffer,
    storageClass: string,
    metadata: Record<string, string>,
  ): Promise<ObjectRef> => {
    const versionId = randomUUID();
    const one = { key, versionId, bytes, metadata, storageClass, writtenAt: await now(), legalHold: false };
    held.set(key, [one, ...(held.get(key) ?? [])]);
    return { key, versionId };
  };
  const body = async function* (ref: ObjectRef): AsyncGenerator<Uint8Array> {
    store.fault('get', ref.key);
    const one = find(ref);
    if (!(await isReadable(one))) throw new GantryError('S3_OBJECT_COLD', `${ref.key} is cold`);
    for (let at = 0; at < one.bytes.byteLength; at += 4_096) yield one.bytes.subarray(at, at + 4_096);
  };
  const store: MemoryStore = {
    bucket: 'memory',
    log,
    rules: [],
    fault: () => undefined,
    versionsOf: (key) => held.get(key) ?? [],
    age: (storageClass, prefix) => {
      for (const [key, versions] of held)
        if (key.startsWith(prefix)) for (const one of versions) Object.assign(one, { storageClass, thaw: undefined });
    },
    hide: (key) => {
      const mark = { key, versionId: randomUUID(), bytes: Buffer.alloc(0), metadata: {}, storageClass: 'STANDARD' };
      held.set(key, [{ ...mark, writtenAt: 0, legalHold: false, deleteMarker: true }, ...(held.get(key) ?? [])]);
    },
    thawMs: (storageClass, tier) =>
      storageClass === 'DEEP_ARCHIVE'
        ? { Expedited: 0, Standard: 12 * hour, Bulk: 48 * hour }[tier]
        : { Expedited: 300_000, Standard: 5 * hour, Bulk: 12 * hour }[tier],
    put: async ({ key, sha256, storageClass = 'STANDARD', metadata = {}, size, body: read }) => {
      store.fault('put', key);
      const chunks: Uint8Array[] = [];
      for await (const chunk of read({ start: 0, end: size })) chunks.push(chunk);
      log.push(`put ${key}`);
      return write(key, Buffer.concat(chunks), storageClass, { ...metadata, 'gantry-sha256': sha256 });
    },
    head: async (key, versionId) => {
      store.fault('head', key);
      const found =
        versionId === undefined ? held.get(key)?.[0] : held.get(key)?.find((one) => one.versionId === versionId);
      return found && !found.deleteMarker ? factsOf(found) : undefined;
    },
    get: async function* (ref, expected) {
      const hash = createHash('sha256');
      let size = 0;
      for await (const chunk of body(ref)) {
        hash.update(chunk);
        size += chunk.byteLength;
        yield chunk;
      }
      const sha256 = hash.digest('hex');
      if (size !== expected.size || sha256 !== expected.sha256)
        throw new GantryError('S3_BODY_DAMAGED', `${ref.key}: ${size} bytes, SHA-256 ${sha256}`);
    },
    prove: async (ref, expected) => {
      for await (const chunk of store.get(ref, expected)) void chunk;
      return expected.size;
    },
    getUnproven: (ref) => body(ref),
    versions: async function* (prefix) {
      store.fault('list', prefix);
      for (const [key, versions] of [...held].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (!key.startsWith(prefix)) continue;
        for (const [at, one] of [...versions].entries())
          yield {
            ...{ key, versionId: one.versionId, size: one.bytes.byteLength, isLatest: at === 0 },
            ...{
              lastModifiedMs: one.writtenAt,
              storageClass: one.storageClass,
              deleteMarker: one.deleteMarker === true,
            },
          };
      }
    },
    restoreObject: async (ref, { days, tier }) => {
      store.fault('restore', ref.key);
      const one = find(ref);
      const at = await now();
      log.push(`restore ${ref.key} ${tier} ${days}`);
      if (!cold.includes(one.storageClass)) return 'notCold';
      const readyAt = at + store.thawMs(one.storageClass, tier, ref.key);
      if (one.thaw && at < one.thaw.readyAt) {
        if (readyAt >= one.thaw.readyAt) return 'inProgress';
        one.thaw = { tier, readyAt, days, expiresAt: readyAt + days * day };
        return 'accepted';
      }
      if (one.thaw && at < one.thaw.expiresAt) {
        one.thaw.expiresAt = at + days * day;
        return 'extended';
      }
      one.thaw = { tier, readyAt, days, expiresAt: readyAt + days * day };
      return 'accepted';
    },
    copy: async (from, { key, storageClass = 'STANDARD', metadata = {} }) => {
      store.fault('copy', from.key);
      const one = find(from);
      if (!(await isReadable(one))) throw new GantryError('S3_OBJECT_COLD', `${from.key} is cold`);
      log.push(`copy ${from.key}`);
      return write(key, one.bytes, storageClass, { ...metadata, 'gantry-sha256': from.sha256 });
    },
    remove: async ({ key, versionId }) => {
      log.push(`remove ${key}`);
      const rest = (held.get(key) ?? []).filter((one) => one.versionId !== versionId);
      if (rest.length > 0) held.set(key, rest);
      else held.delete(key);
    },
    setLegalHold: async (ref, on) => void (find(ref).legalHold = on),
    setRetention: async () => undefined,
    versioning: async () => 'enabled',
    objectLock: async () => true,
    lifecycle: async () => store.rules,
    putLifecycle: async (rules) => void (store.rules = [...rules]),
    close: () => undefined,
  };
  return store;
}
