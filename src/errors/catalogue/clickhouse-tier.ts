import type { CatalogueEntry } from './entry.ts';

/** What keeps a partition from its tier, or from being expired. */
export const clickhouseTierErrors = {
  CLICKHOUSE_NO_FAMILY: {
    meaning:
      'The platform file does not say which level of which family the table is, so nothing says how long it is kept.',
    retryable: false,
    hint: 'List it under `levels` of a family in `clickhouse.clusters.<cluster>.families`; `gantry platform check`.',
  },
  CLICKHOUSE_ROLLUP_DIFFERS: {
    meaning: 'A level does not add up to what the next one has: expiring it would lose the only right figures.',
    retryable: false,
    hint: 'The message has both figures. Repair the roll-up (docs/clickhouse/tier.md, “Repairing a roll-up”), then `gantry retry <id>` or wait for the next run.',
  },
  CLICKHOUSE_ROLLUP_INEXACT: {
    meaning: 'A column that a proof needs is missing, or is no whole number whose sums are exact.',
    retryable: false,
    hint: 'Bill in the smallest unit as an integer; where a level calls the column otherwise, say so under `columns` of that level.',
  },
  CLICKHOUSE_ROLLUP_OPEN: {
    meaning: 'The level before still has rows of those days, so that they could never be proven any more.',
    retryable: false,
    hint: 'Expire the level before first: `gantry clickhouse tier <cluster> <table>` for it, and read what it left.',
  },
  CLICKHOUSE_NATIVE_TTL: {
    meaning: 'The table has a TTL of its own that deletes rows, past every proof.',
    retryable: false,
    hint: 'The same run takes it off, rewriting nothing, and the next one expires what is proven. Read its plan: `gantry clickhouse tier <cluster> <table> --dry-run`.',
  },
  CLICKHOUSE_DECLARATION_CHANGED: {
    meaning: 'The TTL or the storage policy of the table is no longer what it was when the plan was made.',
    retryable: false,
    hint: '`SHOW CREATE TABLE <table>` on that server: somebody else has changed it. Abort, and plan again.',
  },
  CLICKHOUSE_NOT_BACKED_UP: {
    meaning: 'No backup of the partition is known.',
    retryable: false,
    hint: 'Run the program of the family’s `backup` by hand; it must exit with 0 when a backup exists that can be restored.',
  },
  CLICKHOUSE_PARTITIONING_UNSUPPORTED: {
    meaning: 'The table is not partitioned by day or month of its time column, so that a partition is no span of days.',
    retryable: false,
    hint: 'Levels are partitioned by `toYYYYMMDD(time)`, `toDate(time)` or `toYYYYMM(time)`, alone.',
  },
  CLICKHOUSE_NO_VOLUME: {
    meaning: 'The storage policy of the table has no volume for the tier that the platform file declares.',
    retryable: false,
    hint: '`SELECT * FROM system.storage_policies`; name the volume as `volume` of the tier, or as `storagePolicy` of the family a policy that has it beside all volumes of the present one.',
  },
  CLICKHOUSE_VOLUME_FULL: {
    meaning: 'The volume of the declared tier has no room for the partition beside what is kept free.',
    retryable: false,
    hint: 'Expire or free something there, or enlarge it; then `gantry retry <id>` or wait for the next run.',
  },
  CLICKHOUSE_DIGEST_CHANGED: {
    meaning: 'A partition does not hold the same rows after its move to another volume as before.',
    retryable: false,
    hint: 'Compare both digests in the message with the other replica: late rows raise the count on both. If this one alone differs, its disks are suspect: move nothing else to them.',
  },
  CLICKHOUSE_REPLICAS_DISAGREE: {
    meaning: 'The replicas of a shard do not add up to the same figures for a partition.',
    retryable: true,
    hint: '`SELECT * FROM system.replication_queue` on both: one of them is behind, or has lost a part.',
  },
  CLICKHOUSE_PART_BUSY: {
    meaning: 'A part is being merged, mutated or moved by the server itself, so that it can not be moved now.',
    retryable: true,
    hint: '`SELECT * FROM system.merges` and `system.moves`; it passes by itself.',
  },
} as const satisfies Record<string, CatalogueEntry>;
