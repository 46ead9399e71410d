import type { CatalogueEntry } from './entry.ts';

/** What keeps a rebalance or a reshard of a ClickHouse table from being planned. */
export const clickhousePlanningErrors = {
  CLICKHOUSE_KEY_SHARDED: {
    meaning:
      'The table is sharded by a key: a partition moved as a whole would put rows on a shard where nobody looks for them.',
    retryable: false,
    hint: 'Plan the mode that moves rows by their key: `gantry clickhouse key-reshard <cluster> <table>`.',
  },
  CLICKHOUSE_NOT_KEY_SHARDED: {
    meaning: 'The table is not sharded by a key, or the platform file does not say by which.',
    retryable: false,
    hint: 'Move its partitions as a whole: `gantry clickhouse rebalance <cluster> <table>`; or declare `keys` of the table.',
  },
  CLICKHOUSE_RESHARD_FANS_OUT: {
    meaning: 'One shard would give rows of the same partition to two others in one run.',
    retryable: false,
    hint: 'Change the weight of one shard at a time in `weights` of the table, and run it again after each; the plan of each says what moves.',
  },
  CLICKHOUSE_ROWS_MISPLACED: {
    meaning: 'Rows lie on another shard than the one that their key says.',
    retryable: true,
    hint: 'They came by the former rule, or were left out: `gantry clickhouse key-reshard <cluster> <table>` once more moves them.',
  },
  CLICKHOUSE_ENGINE_UNSUPPORTED: {
    meaning: 'The engine of the table is none whose partitions Gantry can move and prove equal afterwards.',
    retryable: false,
    hint: '`SHOW CREATE TABLE <table>`: replicated engines of the MergeTree family are supported, others are not moved.',
  },
  CLICKHOUSE_TOO_FEW_SHARDS: {
    meaning: 'There are not two shards between which something could be moved.',
    retryable: false,
    hint: 'Add a shard first: `gantry clickhouse add-shard <cluster>`.',
  },
  CLICKHOUSE_BAD_WEIGHTS: {
    meaning: 'The weights of the shards do not say where data belongs: negative, not a number, or all zero.',
    retryable: false,
    hint: 'Correct the weights in the platform file; 0 is for a shard that is to be emptied, and one must be above it.',
  },
  CLICKHOUSE_BAD_FACTS: {
    meaning: 'What was read of the cluster contradicts itself, so that no plan can rest on it.',
    retryable: true,
    hint: 'Plan again; if it comes back, compare `system.parts` and `system.disks` on the replicas that the message names.',
  },
  CLICKHOUSE_NO_ROOM: {
    meaning: 'No shard that should take data has the free space for it, staging and reserve counted.',
    retryable: false,
    hint: 'Free space or add a shard; the plan counts twice the bytes of a move on the fullest replica of the destination.',
  },
  CLICKHOUSE_NOTHING_MOVABLE: {
    meaning: 'The shards are out of balance, but nothing that could be moved would bring them nearer to it.',
    retryable: false,
    hint: 'Read the reasons in the problems: open partitions close by themselves, flags need a hand; then plan again.',
  },
  CLICKHOUSE_PLACEMENT_UNKNOWN: {
    meaning: 'Nothing says by which rule the rows of the table lie on its shards, so that moving them may hide them.',
    retryable: false,
    hint: 'Name the table’s `distributed` in the platform file; a Distributed table over several shards needs a sharding key.',
  },
  CLICKHOUSE_ROWS_DIFFER: {
    meaning: 'After the moves a partition does not have the rows that it had before them, over all shards together.',
    retryable: false,
    hint: 'Compare the digests in the reports of its move; what left the source is in its `detached` folder until the retention ends.',
  },
} as const satisfies Record<string, CatalogueEntry>;
