import type { CatalogueEntry } from '../entry.ts';

/** What keeps a partition from its tier, or from being expired. */
export const clickhouseTierErrors = {
  CLICKHOUSE_NO_FAMILY: {
    meaning: 'The platform file does not say which level of which family the table is, so its retention is unknown.',
    retryable: false,
    hint: 'List it under `levels` of a family in `clickhouse.clusters.<cluster>.families`; `gantry platform check`.',
  },
  CLICKHOUSE_DROPPED_LATE: {
    meaning:
      'Rows came to the partition in the last instant before it was dropped, after it had been proven: they were dropped with it.',
    retryable: false,
    hint: 'The message names their parts. Roll-ups that a materialized view fills have them; the backup does not. Compare the figures of that day with the producer, then `gantry skip <id> --accept-risk "<what you compared>"`. DO raise `closedAfter` of the table: it took rows long after it counted as closed.',
  },
  CLICKHOUSE_ROLLUP_DIFFERS: {
    meaning:
      'The sums of a level differ from those of the next level: expiring it would lose the only correct figures.',
    retryable: false,
    hint: 'The message has both figures. Repair the roll-up (docs/clickhouse/tier.md, “Repairing a roll-up”), then `gantry retry <id>` or wait for the next run.',
  },
  CLICKHOUSE_ROLLUP_INEXACT: {
    meaning: 'A column that a proof needs is missing, or is not an integer, so its sums are not exact.',
    retryable: false,
    hint: 'Store amounts as integers in the smallest unit; if a level has another name for the column, set it under `columns` of that level.',
  },
  CLICKHOUSE_ROLLUP_OPEN: {
    meaning:
      'The previous level still has rows of those days, which could not be proven any more if this level expired first.',
    retryable: false,
    hint: 'Expire the previous level first: `gantry clickhouse tier <cluster> <table>` for that table, and read what it left.',
  },
  CLICKHOUSE_NATIVE_TTL: {
    meaning: 'The table has a TTL of its own that deletes rows without a proof.',
    retryable: false,
    hint: 'This run removes the TTL, without rewriting data, and the next run expires what is proven. Read its plan: `gantry clickhouse tier <cluster> <table> --dry-run`.',
  },
  CLICKHOUSE_DECLARATION_CHANGED: {
    meaning: 'The TTL or the storage policy of the table is no longer what it was when the plan was made.',
    retryable: false,
    hint: '`SHOW CREATE TABLE <table>` on that server: another client has changed it. Abort, and plan again.',
  },
  CLICKHOUSE_NOT_BACKED_UP: {
    meaning: 'No backup of the partition is known.',
    retryable: false,
    hint: 'Run the program of the family’s `backup` by hand; it must exit with 0 when a backup exists that can be restored.',
  },
  CLICKHOUSE_PARTITIONING_UNSUPPORTED: {
    meaning:
      'The table is not partitioned by day or month of its time column, so a partition does not hold whole days.',
    retryable: false,
    hint: 'Levels are partitioned by `toYYYYMMDD(time)`, `toDate(time)` or `toYYYYMM(time)`, alone.',
  },
  CLICKHOUSE_NO_VOLUME: {
    meaning: 'The storage policy of the table has no volume for the tier that the platform file declares.',
    retryable: false,
    hint: '`SELECT * FROM system.storage_policies`; name the right volume as `volume` of the tier, or set `storagePolicy` of the family to a policy that has it and all volumes of the present policy.',
  },
  CLICKHOUSE_VOLUME_FULL: {
    meaning: 'The volume of the declared tier has no room for the partition on top of the reserve that is kept free.',
    retryable: false,
    hint: 'Expire partitions or free space there, or enlarge it; then `gantry retry <id>` or wait for the next run.',
  },
  CLICKHOUSE_DIGEST_CHANGED: {
    meaning: 'After its move to another volume, a partition does not hold the same rows as before.',
    retryable: false,
    hint: 'Compare both digests in the message with those of the other replica: late rows raise the count on both. If only this replica differs, its disks are suspect: move nothing else to them.',
  },
  CLICKHOUSE_REPLICAS_DISAGREE: {
    meaning: 'The replicas of a shard have different sums for a partition.',
    retryable: true,
    hint: '`SELECT * FROM system.replication_queue` on both: one of them is behind, or has lost a part.',
  },
  CLICKHOUSE_PART_BUSY: {
    meaning: 'The server itself is merging, mutating or moving a part, so Gantry cannot move it now.',
    retryable: true,
    hint: '`SELECT * FROM system.merges` and `system.moves`; it passes by itself.',
  },
} as const satisfies Record<string, CatalogueEntry>;
