import type { CatalogueEntry } from '../entry.ts';

/** What an audit of an archive finds. */
export const archiveAuditErrors = {
  ARCHIVE_BACKUP_TOO_OLD: {
    meaning: 'The newest backup that can be trusted is older than the archive allows, or is dated in the future.',
    retryable: false,
    hint: 'Look at the last runs of `archive.backup` and at its schedule; take one now (`gantry archive backup <archive>`). If the time is wrong, look at the clocks of the workers.',
  },
  ARCHIVE_BACKUP_INCOMPLETE: {
    meaning:
      'The bucket holds fewer objects or bytes than the manifest says, or a delete mark hides what it stands on.',
    retryable: false,
    hint: 'The message has the figures. Find out who deletes there (lifecycle rules, the access log of the bucket); take a full backup now (`gantry archive backup <archive> --full`).',
  },
  ARCHIVE_CLASS_UNEXPECTED: {
    meaning: 'An object lies in a storage class that neither its manifest nor an age rule of the bucket names.',
    retryable: false,
    hint: 'A restore plans by the class that it finds, so nothing is lost; time and cost may differ. `gantry archive lifecycle <archive> --dry-run` shows the rules.',
  },
} as const satisfies Record<string, CatalogueEntry>;
