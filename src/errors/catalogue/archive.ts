import type { CatalogueEntry } from './entry.ts';

/** Errors of the archive domain: backups, and what they stand on. */
export const archiveErrors = {
  ARCHIVE_UNKNOWN: {
    meaning: 'The platform file has no archive of this name.',
    retryable: false,
    hint: 'Use one of the names that the message lists; they are under `archive.archives` of the platform file.',
  },
  ARCHIVE_UNKNOWN_SOURCE: {
    meaning: 'The archive does not hold what was asked for.',
    retryable: false,
    hint: 'The message lists what it holds: `sources` of the archive in the platform file.',
  },
  ARCHIVE_KEY_UNUSABLE: {
    meaning: 'The signing key is no Ed25519 key, or it does not belong to the public key of its name.',
    retryable: false,
    hint: 'Compare `signing` of the archive with the key file: `openssl pkey -in <file> -pubout -outform DER | base64 -w0` prints the public key.',
  },
  ARCHIVE_MANIFEST_UNTRUSTED: {
    meaning: 'A manifest is not signed by a key that the platform file knows, or was changed after it was signed.',
    retryable: false,
    hint: 'Nothing is restored from it. If its key was retired, list it again under `signing.publicKeys`; otherwise find out who wrote to the bucket.',
  },
  ARCHIVE_MANIFEST_MALFORMED: {
    meaning: 'An object that should be a manifest is not one that this version of Gantry can read.',
    retryable: false,
    hint: 'If a newer Gantry wrote it, use that version. Otherwise find out who wrote to the bucket.',
  },
  ARCHIVE_OBJECT_CHANGED: {
    meaning:
      'What lies in the object store is not what the manifest says: another size, version or checksum, or nothing.',
    retryable: false,
    hint: 'The message names the object. Take a full backup now (`gantry archive backup <archive> --full`); do not restore from this one.',
  },
  ARCHIVE_NO_BACKUP: {
    meaning: 'The archive has no backup that can be trusted.',
    retryable: false,
    hint: '`gantry archive backup <archive>`; if there should be one, look at what the message says of each manifest.',
  },
  ARCHIVE_LIFECYCLE_CHANGED: {
    meaning: 'The lifecycle of the bucket was changed after the plan was made. Gantry changed nothing.',
    retryable: false,
    hint: 'Abort and plan again: `gantry archive lifecycle <archive> --dry-run` shows what the rules are now.',
  },
  ARCHIVE_TOTAL_UNUSABLE: {
    meaning: 'A declared total names a column that its table does not store, or one that cannot be added up.',
    retryable: false,
    hint: 'Correct `totals` of the archive in the platform file: whole numbers, decimals, floats and states of `sum` can be added up. Of a backup that is restored, its own declaration counts: the table was made otherwise than the backup has it.',
  },
  CLICKHOUSE_EXPORT_BROKEN: {
    meaning: 'The server broke an export off in the middle of the rows of a partition. Nothing of it was kept.',
    retryable: true,
    hint: 'Its reason is in the message; usually a limit (`max_memory_usage`, `max_execution_time`) or a replica that was restarted. `gantry retry <id>` exports that partition again.',
  },
  ARCHIVE_SPOOL_FULL: {
    meaning: 'The folder in which the worker prepares an object has no room for it.',
    retryable: true,
    hint: 'Free space in the folder that the message names, or set `transfer.spool` of the archive to one with room for the largest partition; then `gantry retry <id>`.',
  },
  ARCHIVE_REDIS_SNAPSHOT_BROKEN: {
    meaning: 'The snapshot that Redis sent is incomplete or damaged.',
    retryable: true,
    hint: 'Look at the log of the Redis node: it says why it ended the transfer (`client-output-buffer-limit replica`, memory, a fork that failed).',
  },
} as const satisfies Record<string, CatalogueEntry>;
