import type { BackupTotal } from './totals.ts';

/** What an object of a backup is for. Schemas and the platform file are metadata, as the manifest itself: never cold. */
export type BackupRole = 'schema' | 'data' | 'redis' | 'platform';

/** Where an object came from. */
export type BackupSource =
  /** Every database and table of a cluster, as a server would make them again. */
  | { kind: 'clickhouse-schema'; cluster: string }
  /** The rows of one partition on one shard, in Native format. */
  | { kind: 'clickhouse'; cluster: string; table: string; partition: string; shard: number }
  /** An RDB. */
  | { kind: 'redis'; group: string }
  | { kind: 'platform-file' };

/** What a set of rows is, whatever their order. `final`: as if merged, for engines whose merges change rows. */
export type BackupRowDigest = { rows: number; sum: string; xor: string; final: boolean };

/** Up to where a Redis snapshot goes: in the stream of which history, at which byte. */
export type BackupOffset = { replid: string; offset: number };

/** One object that a backup stands on: exactly these bytes of exactly this version. */
export type BackupObject = {
  key: string;
  versionId: string;
  /** Bytes as stored. */
  size: number;
  /** SHA-256 of the bytes as stored, hex. */
  sha256: string;
  /** When it was written; it ages from there by the rules of the bucket. */
  storageClass: string;
  role: BackupRole;
  source: BackupSource;
  /** How the content is stored. */
  encoding: 'identity' | 'gzip';
  /** The backup that wrote and read back this object; another one than the manifest's where it was carried over. */
  backupId: string;
  /** When its source was read, ISO. The state of the source is not older than that. */
  readAt: string;
  /**
   * Of the rows, made by the server before and after they were exported, and equal. Left out where the partition took rows
   * all the while: then the bytes are proven, and what the server held at one instant is not.
   */
  rowDigest?: BackupRowDigest;
  /** Rows in it. */
  rows?: number;
  /** Of the columns that it was exported with, names and types: of two exports with the same one, the rows can be compared. */
  structure?: string;
  /**
   * Declared business totals of the rows that the digest is of. Left out where none was declared, or where rows came in before they
   * were made.
   */
  totals?: readonly BackupTotal[];
  /** Of a Redis snapshot. */
  offset?: BackupOffset;
};

/** A manifest that is named exactly. */
export type ManifestRef = { key: string; versionId: string; sha256: string };

/** The first line of a manifest. */
export type ManifestHeader = {
  format: 'gantry-manifest';
  version: 1;
  archive: string;
  /** `<time>-<run>`: sorts by time. */
  backupId: string;
  createdAt: string;
  kind: 'full' | 'increment';
  /** The newest full backup: this one's own id where it is full. */
  fullBackupId: string;
  fullCreatedAt: string;
  /** The manifest that this one carries objects over from. */
  previous?: ManifestRef;
  /** Every object was read back and compared by then. A manifest is written after that, so one that is there is of a backup that is done. */
  verifiedAt: string;
};

/** Figures of a manifest, by role. */
export type ManifestTally = Partial<Record<BackupRole, { objects: number; bytes: number }>>;

/** The last line of a manifest. The lines between are `BackupObject`s, source by source. */
export type ManifestTrailer = {
  objects: number;
  bytes: number;
  tally: ManifestTally;
  /** SHA-256 of every byte before this line, uncompressed, hex. */
  sha256: string;
  /** Over `manifestSignedText`. base64. */
  signature: { keyId: string; ed25519: string };
};

/** What the signature of a manifest is made over: the digest of all that precedes it, bound to what it is. */
export function manifestSignedText(header: Pick<ManifestHeader, 'archive' | 'backupId'>, sha256: string): string {
  return `gantry-manifest-v1\n${header.archive}\n${header.backupId}\n${sha256}\n`;
}

/** Where an archive keeps what, below its prefix. The age rules of the bucket are put on `data` alone. */
export function archiveKeys(prefix: string) {
  return {
    data: `${prefix}data/`,
    metadata: `${prefix}meta/`,
    manifests: `${prefix}meta/manifests/`,
    manifest: (backupId: string): string => `${prefix}meta/manifests/${backupId}.ndjson.gz`,
    /** What the steps of a backup under way have written down. */
    lists: (backupId: string): string => `${prefix}meta/lists/${backupId}/`,
    /** Says that the objects of a backup under way were read back. */
    verified: (backupId: string): string => `${prefix}meta/lists/${backupId}.verified.json`,
    /** Objects that a backup wrote itself. */
    own: (backupId: string): string => `${prefix}data/${backupId}/`,
    ownMetadata: (backupId: string): string => `${prefix}meta/objects/${backupId}/`,
    /** One that is there says that a drill of this backup failed: it counts as no backup. */
    verdict: (backupId: string): string => `${prefix}meta/verdicts/${backupId}.json`,
  };
}

/** The id in the key of a manifest; nothing for any other key. */
export function backupIdOfKey(prefix: string, key: string): string | undefined {
  const { manifests } = archiveKeys(prefix);
  if (!key.startsWith(manifests)) return undefined;
  return /^(\d{8}T\d{6}Z-[0-9a-z]{4,36})\.ndjson\.gz$/.exec(key.slice(manifests.length))?.[1];
}

/** `20260131T235959Z-<run>`. `run`: letters and digits that are this run's own. */
export function backupIdOf(atMs: number, run: string): string {
  return `${new Date(atMs).toISOString().replace(/[-:]|\.\d+/g, '')}-${run}`;
}
