import type { CatalogueEntry } from '../entry.ts';

/** What keeps a backup from being restored, proven or promoted. */
export const archiveRestoreErrors = {
  ARCHIVE_BACKUP_BAD: {
    meaning: 'A drill of this backup failed, and nothing has shown since that it can be restored.',
    retryable: false,
    hint: 'Read the report that the message names. Restore another backup; take a full one now (`gantry archive backup <archive> --full`).',
  },
  ARCHIVE_OBJECT_AGES_AWAY: {
    meaning: 'A lifecycle rule of the bucket deletes an object that the restore needs before the restore can be over.',
    retryable: false,
    hint: 'Disable the rule that the message names until the restore is over, or put a legal hold on the object; then plan again.',
  },
  ARCHIVE_STAGING_MISSING: {
    meaning: 'The archive has no staging server for what is to be restored.',
    retryable: false,
    hint: 'Set `staging.clickhouse` or `staging.redis` of the archive in the platform file.',
  },
  ARCHIVE_STAGING_TOO_SMALL: {
    meaning: 'The staging server has no room for what is to be restored.',
    retryable: false,
    hint: 'The message has both figures. Free or add disk there, or restore one table: `gantry archive restore <archive> <table>`.',
  },
  ARCHIVE_STAGING_IN_USE: {
    meaning: 'Staging holds what Gantry did not put there, or what another restore put there.',
    retryable: false,
    hint: 'Look at it. If it may go, remove it by hand; `gantry retry <id>`.',
  },
  ARCHIVE_STAGING_OPEN: {
    meaning: 'The staging server can reach a production node: what is restored there could act on production.',
    retryable: false,
    hint: 'The message names the node. Close the way (firewall, network policy, `remote_url_allow_hosts`), then `gantry retry <id>`.',
  },
  ARCHIVE_STAGING_UNPROVEN: {
    meaning: 'It could not be proven that the staging server cannot reach production.',
    retryable: true,
    hint: 'The message has the answer. Where the server cannot be asked, name a program under `staging.closed` of the archive.',
  },
  ARCHIVE_ROWS_DIFFER: {
    meaning: 'What was restored is not what the manifest says: other rows, another digest, or another business total.',
    retryable: false,
    hint: 'Nothing was promoted. The message names the partition. Restore an older backup, and take a full one of what there is.',
  },
  ARCHIVE_TARGET_NOT_EMPTY: {
    meaning: 'Production has data where the restore would put its own.',
    retryable: false,
    hint: 'A restore never overwrites. If the data there is worthless, remove it by hand after a backup of it; then `gantry retry <id>`.',
  },
  ARCHIVE_SCHEMA_DIFFERS: {
    meaning: 'The table of production has other columns or another partition key than the backup.',
    retryable: false,
    hint: 'The message names what differs. Rename the present table, so that the restore makes it as it was; move the rows by hand then.',
  },
  ARCHIVE_THAW_NEVER_ENDS: {
    meaning: 'Objects are not readable long after the slowest tier should have been done.',
    retryable: false,
    hint: '`gantry retry <id>` waits as long again. Ask the provider about the object that the message names, or restore another backup.',
  },
} as const satisfies Record<string, CatalogueEntry>;
