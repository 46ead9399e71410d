import type { CatalogueEntry } from '../entry.ts';

/** What keeps a rebalance or a reshard of a ClickHouse table from being planned. */
export const clickhousePlanningErrors = {
  CLICKHOUSE_KEY_SHARDED: {
    meaning:
      'The table is sharded by a key: moving a whole partition would put rows on a shard where readers do not look for them.',
    retryable: false,
    hint: 'Use the procedure that moves rows by their key: `gantry clickhouse key-reshard <cluster> <table>`.',
  },
  CLICKHOUSE_NOT_KEY_SHARDED: {
    meaning: 'The table is not sharded by a key, or the platform file does not name the key.',
    retryable: false,
    hint: 'Move its partitions as a whole: `gantry clickhouse rebalance <cluster> <table>`; or declare `keys` of the table.',
  },
  CLICKHOUSE_RESHARD_FANS_OUT: {
    meaning: 'One shard would give rows of the same partition to two others in one run.',
    retryable: false,
    hint: 'Change the weight of one shard at a time in `weights` of the table, and run it again after each; the plan of each says what moves.',
  },
  CLICKHOUSE_ROWS_MISPLACED: {
    meaning: 'Rows are on another shard than the one that their key says.',
    retryable: true,
    hint: 'They were placed by the former rule, or were left out of the run: `gantry clickhouse key-reshard <cluster> <table>` moves them.',
  },
  CLICKHOUSE_ENGINE_UNSUPPORTED: {
    meaning: 'Gantry cannot move partitions of this table engine and prove them equal afterwards.',
    retryable: false,
    hint: '`SHOW CREATE TABLE <table>`: replicated engines of the MergeTree family are supported, others are not moved.',
  },
  CLICKHOUSE_TOO_FEW_SHARDS: {
    meaning: 'The cluster has fewer than two shards to move data between.',
    retryable: false,
    hint: 'Add a shard first: `gantry clickhouse add-shard <cluster>`.',
  },
  CLICKHOUSE_BAD_WEIGHTS: {
    meaning: 'The weights of the shards do not say where data belongs: negative, not a number, or all zero.',
    retryable: false,
    hint: 'Correct the weights in the platform file: 0 is for a shard that is to be emptied, and at least one weight must be above 0.',
  },
  CLICKHOUSE_BAD_FACTS: {
    meaning: 'The readings of the cluster contradict each other, so no plan can be made from them.',
    retryable: true,
    hint: 'Plan again; if it comes back, compare `system.parts` and `system.disks` on the replicas that the message names.',
  },
  CLICKHOUSE_NO_ROOM: {
    meaning: 'No shard that should take data has enough free space for it, staging and reserve included.',
    retryable: false,
    hint: 'Free space or add a shard; the plan counts twice the bytes of a move on the fullest replica of the destination.',
  },
  CLICKHOUSE_NOTHING_MOVABLE: {
    meaning: 'The shards are out of balance, but nothing that can be moved would improve that.',
    retryable: false,
    hint: 'Read the reasons in the problems: open partitions close by themselves, flags must be removed by an operator; then plan again.',
  },
  CLICKHOUSE_PLACEMENT_UNKNOWN: {
    meaning:
      'Gantry does not know the rule by which the table’s rows are placed on its shards, so moving rows might hide them from readers.',
    retryable: false,
    hint: 'Name the table’s `distributed` in the platform file; a Distributed table over several shards needs a sharding key.',
  },
  CLICKHOUSE_ROWS_DIFFER: {
    meaning: 'Over all shards together, a partition does not have the same rows after the moves as before.',
    retryable: false,
    hint: 'Compare the digests in the reports of its moves; what left the source is in its `detached` folder until the retention ends.',
  },
} as const satisfies Record<string, CatalogueEntry>;
