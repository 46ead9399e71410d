import type { LifecycleRule } from '../../runs/index.ts';

/** Where an object store is. */
export type S3Endpoint = {
  bucket: string;
  region: string;
  /** AWS's own for the region unless given. */
  endpoint?: string;
  forcePathStyle?: boolean;
};

/** Read by the worker from where the platform file points; never logged, never in an error. */
export type S3Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** An object exactly: what is there under the key now may be another one. */
export type ObjectRef = { key: string; versionId: string };

/** How fast a thaw is. */
export type RestoreTier = 'Expedited' | 'Standard' | 'Bulk';

/** `x-amz-restore` as HEAD shows it. */
export type ThawState =
  /** A class that is read at once. */
  | { state: 'warm' }
  /** Cold, and no thaw was asked for; or the copy of an earlier one has expired. */
  | { state: 'cold' }
  | { state: 'thawing' }
  /** A temporary copy can be read until then. Milliseconds since the epoch. */
  | { state: 'thawed'; expiresAtMs: number };

/** What HEAD says of an object. */
export type ObjectFacts = ObjectRef & {
  size: number;
  storageClass: string;
  thaw: ThawState;
  /** Of our own, from the metadata: of the bytes as stored, hex. Not there on what others wrote. */
  sha256?: string;
  metadata: Readonly<Record<string, string>>;
  lastModifiedMs: number;
  retention?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; untilMs: number };
  legalHold: boolean;
  etag: string;
};

/** What is to be written. `body` is called once for each attempt and must give the same bytes. */
export type PutRequest = {
  key: string;
  /** Bytes. */
  size: number;
  /** Of all of it, hex: goes into the metadata and, where one request carries it, as the checksum that the store verifies. */
  sha256: string;
  storageClass?: string;
  contentType?: string;
  metadata?: Readonly<Record<string, string>>;
  body: (range: { start: number; end: number }) => AsyncIterable<Uint8Array>;
};

/** One version in a listing, or the mark of a deletion. */
export type ObjectVersion = ObjectRef & {
  size: number;
  isLatest: boolean;
  lastModifiedMs: number;
  storageClass: string;
  deleteMarker: boolean;
};

/** The answer to RestoreObject; all but `noCapacity` mean that a copy is or will be there. */
export type RestoreAnswer =
  /** 202: the thaw begins. */
  | 'accepted'
  /** 200: there is a copy already, and it now expires `days` from now. */
  | 'extended'
  /** 409 RestoreAlreadyInProgress. */
  | 'inProgress'
  /** 503 GlacierExpeditedRetrievalNotAvailable: ask again later, or another tier. */
  | 'noCapacity'
  /** InvalidObjectState: it is not in a cold class. */
  | 'notCold';

/**
 * One bucket, as small verbs: each is one request, or one page after another of a listing, or the requests of one upload.
 * Every verb has a timeout, waits for its turn (concurrency, requests per second), and throws catalogue errors.
 * Reads that are throttled or lost are asked again a few times; nothing else is.
 */
export type ObjectStore = {
  readonly bucket: string;
  /**
   * Writes an object, in parts where it is large. The caller looks first: the same content is written twice where it asks
   * twice. @throws S3_BODY_DAMAGED where the store got other bytes, and what requests give
   */
  put: (request: PutRequest) => Promise<ObjectRef>;
  /** Undefined where there is no such key or version; without a version, the latest. */
  head: (key: string, versionId?: string) => Promise<ObjectFacts | undefined>;
  /**
   * Its bytes, each chunk as it comes; size and SHA-256 are compared at the end, so what is made of it counts only then.
   * @throws S3_BODY_DAMAGED, S3_OBJECT_COLD, S3_OBJECT_MISSING
   */
  get: (ref: ObjectRef, expected: { size: number; sha256: string }) => AsyncIterable<Uint8Array>;
  /** Reads all of it and gives nothing on; answers its size. Hashed beside the reading. @throws what `get` throws */
  prove: (ref: ObjectRef, expected: { size: number; sha256: string }) => Promise<number>;
  /** Its bytes without a proof, for what proves itself (a signed manifest); at most `maxBytes`. @throws S3_BODY_TOO_LARGE */
  getUnproven: (ref: ObjectRef, maxBytes: number) => AsyncIterable<Uint8Array>;
  /** Every version below a prefix, by key, newest first within one; page by page. */
  versions: (prefix: string) => AsyncIterable<ObjectVersion>;
  restoreObject: (ref: ObjectRef, how: { days: number; tier: RestoreTier }) => Promise<RestoreAnswer>;
  /**
   * Copies an exact version within the store to a key, here or in another bucket, with our metadata and a SHA-256 checksum
   * of the store's own. In parts above 5 GiB. @throws S3_OBJECT_COLD, S3_OBJECT_MISSING
   */
  copy: (
    from: ObjectRef & { size: number; sha256: string },
    to: { key: string; storageClass?: string; metadata?: Readonly<Record<string, string>> },
  ) => Promise<ObjectRef>;
  /** Deletes one version for good. One that is not there is gone. @throws S3_OBJECT_LOCKED */
  remove: (ref: ObjectRef) => Promise<void>;
  setLegalHold: (ref: ObjectRef, on: boolean) => Promise<void>;
  setRetention: (ref: ObjectRef, how: { mode: 'GOVERNANCE' | 'COMPLIANCE'; untilMs: number }) => Promise<void>;
  /** `enabled`, `suspended`, or `off` where it never was. */
  versioning: () => Promise<'enabled' | 'suspended' | 'off'>;
  /** Whether the bucket has Object Lock. */
  objectLock: () => Promise<boolean>;
  lifecycle: () => Promise<readonly LifecycleRule[]>;
  /** Replaces the whole document: to be built from what `lifecycle` answered. */
  putLifecycle: (rules: readonly LifecycleRule[]) => Promise<void>;
  close: () => void;
};
