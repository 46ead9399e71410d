import type { CatalogueEntry } from './entry.ts';

/** What keeps a partition from being moved, or its move from being carried on or taken back. */
export const clickhouseMoveErrors = {
  CLICKHOUSE_PARTITION_UNKNOWN: {
    meaning: 'The shard that the partition is to leave has no rows of it.',
    retryable: false,
    hint: '`SELECT partition_id, sum(rows) FROM system.parts WHERE active AND table = … GROUP BY 1` on the shard.',
  },
  CLICKHOUSE_PARTITION_OPEN: {
    meaning:
      'The partition took rows a short while ago, or its parts were rewritten: what arrives late could be lost from sight.',
    retryable: false,
    hint: 'Move it when it has been quiet for as long as `closedAfter` and the `fence` of its table say; then `gantry retry <id>`.',
  },
  CLICKHOUSE_MERGE_FIRST: {
    meaning:
      'The partition has more parts than a move keeps account of, or two identical ones, which can not be attached together.',
    retryable: false,
    hint: '`OPTIMIZE TABLE <table> PARTITION ID <id>` on the source shard, then plan again.',
  },
  CLICKHOUSE_MUTATION_RUNNING: {
    meaning: 'A mutation of the table is not done on every server: parts would be rewritten while they are copied.',
    retryable: false,
    hint: '`SELECT * FROM system.mutations WHERE NOT is_done`; wait for it or `KILL MUTATION`, then plan again.',
  },
  CLICKHOUSE_REPLICAS_DIFFER: {
    meaning: 'Two replicas of a shard do not show the same rows of the partition.',
    retryable: true,
    hint: 'Compare `system.parts` and `system.replication_queue` on both; a replica that lost parts needs `SYSTEM RESTART REPLICA` or a part fetched anew.',
  },
  CLICKHOUSE_PARTITION_CHANGES: {
    meaning: 'The partition at the source changed again each time it had been copied.',
    retryable: false,
    hint: 'Find out who writes to it. `gantry abort <id>` takes everything back; move it when it is quiet, or declare a `fence`.',
  },
  CLICKHOUSE_COPY_DIFFERS: {
    meaning: 'What was copied, attached or given back is not what the source had, row by row.',
    retryable: false,
    hint: 'Nothing of the source has been removed for it. Compare the digests in the evidence; `gantry abort <id>` drops the copy.',
  },
  CLICKHOUSE_CUTOVER_UNCLEAR: {
    meaning:
      'Whether the copy has been attached at the destination can not be told from its parts: something else changed them meanwhile.',
    retryable: false,
    hint: 'Count the partition on both shards (`SELECT count() FROM <table> WHERE _partition_id = …`, on each server) and compare with the manifest in the evidence. Is all of the copy at the destination: `ALTER TABLE <table> DETACH PARTITION ID …` on one server of the source if it shows the rows still, then `gantry skip <id> --accept-risk "<what you counted>"`. Is it not: nothing is lost, they are at the source or in its `detached`; `gantry stop <id>`.',
  },
  CLICKHOUSE_LATE_ROWS_UNCLEAR: {
    meaning:
      'Whether a part of late rows has been attached again at the source can not be told: an attempt was cut off and the replication log has forgotten what it did, or rows came meanwhile that look like an attach (inserts without deduplication, as a materialized view makes them).',
    retryable: false,
    hint: 'Look for the part of the message in the table’s `detached` folder on each server of the source. Where all of them have it, it is not attached: `ALTER TABLE … ATTACH PART` it on one; where some have it, look for its rows first. Then `gantry skip <id> --accept-risk "<what you saw>"`: the run goes on with the next part.',
  },
  CLICKHOUSE_INGEST_NOT_HELD: {
    meaning: 'The program that holds the writers of the partition back failed, or does not confirm that they are held.',
    retryable: true,
    hint: 'Run the `confirm` program of the table’s `fence` by hand with the same arguments; the message has its last words.',
  },
  CLICKHOUSE_UNDO_UNSAFE: {
    meaning:
      'The move can not be taken back by giving the source its parts and dropping the copy: the destination has other rows of the partition too, or what is known of the move is not enough.',
    retryable: false,
    hint: 'Where a report of the move is known, `gantry clickhouse undo-move … --reverse` moves the whole partition back instead; the other problems say what is in its way. A run that is parked: `gantry abort <id>` first.',
  },
} as const satisfies Record<string, CatalogueEntry>;
