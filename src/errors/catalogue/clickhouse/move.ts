import type { CatalogueEntry } from '../entry.ts';

/** What keeps a partition from being moved, or its move from being carried on or undone. */
export const clickhouseMoveErrors = {
  CLICKHOUSE_PARTITION_UNKNOWN: {
    meaning: 'The shard that the partition is to leave has no rows of it.',
    retryable: false,
    hint: '`SELECT partition_id, sum(rows) FROM system.parts WHERE active AND table = … GROUP BY 1` on the shard.',
  },
  CLICKHOUSE_PARTITION_OPEN: {
    meaning:
      'The partition took rows a short while ago, or its parts were rewritten: rows that arrive late could become invisible.',
    retryable: false,
    hint: 'Wait until it has been quiet for as long as `closedAfter` and the `fence` of its table say; then `gantry retry <id>`.',
  },
  CLICKHOUSE_MERGE_FIRST: {
    meaning:
      'The partition has more parts than a move can keep track of, or two identical ones, which cannot be attached together.',
    retryable: false,
    hint: '`OPTIMIZE TABLE <table> PARTITION ID <id>` on the source shard, then plan again.',
  },
  CLICKHOUSE_MUTATION_RUNNING: {
    meaning: 'A mutation of the table is not finished on every server: parts would be rewritten while they are copied.',
    retryable: false,
    hint: '`SELECT * FROM system.mutations WHERE NOT is_done`; wait for it or `KILL MUTATION`, then plan again.',
  },
  CLICKHOUSE_TABLE_CHANGED: {
    meaning:
      'A mutation or another ALTER of the table came after the partition was digested, or rows came while its expiry was proven. The earlier reading no longer describes the partition, so nothing was moved or dropped because of it.',
    retryable: false,
    hint: 'A move: `gantry abort <id>` drops the copy and starts the merges, so that the mutation can go on; start the move again when `SELECT * FROM system.mutations WHERE NOT is_done` is empty on both shards. An expiry: `gantry retry <id>` proves it again.',
  },
  CLICKHOUSE_MUTATION_MISSED: {
    meaning:
      'A mutation was accepted in the middle of the cutover: too late to stop the cutover, and too early to rewrite the moved rows. The moved rows do not have the mutation.',
    retryable: false,
    hint: 'Run the mutation that the message names again, word for word, on both shards. A DELETE can be repeated; restrict an UPDATE that increments a value to this partition. Then `gantry retry <id>`; if you changed its words, `gantry skip <id> --accept-risk "<what you ran>"`.',
  },
  CLICKHOUSE_REPLICAS_DIFFER: {
    meaning: 'Two replicas of a shard do not show the same rows of the partition.',
    retryable: true,
    hint: 'Compare `system.parts` and `system.replication_queue` on both; a replica that lost parts needs `SYSTEM RESTART REPLICA`, or must fetch a part again.',
  },
  CLICKHOUSE_PARTITION_CHANGES: {
    meaning:
      'The partition at the source changed after each copy, or in the middle of the cutover a server merged late rows with rows of the copy.',
    retryable: false,
    hint: 'Find out who writes to it. `gantry abort <id>` undoes everything; move it when it is quiet, or declare a `fence`.',
  },
  CLICKHOUSE_COPY_DIFFERS: {
    meaning: 'What was copied, attached or given back differs from what the source had, compared row by row.',
    retryable: false,
    hint: 'Nothing was removed from the source because of it. Compare the digests in the evidence; `gantry abort <id>` drops the copy.',
  },
  CLICKHOUSE_CUTOVER_UNCLEAR: {
    meaning:
      'Its parts do not tell whether the copy has been attached at the destination: something else changed them meanwhile.',
    retryable: false,
    hint: 'Count the partition on both shards (`SELECT count() FROM <table> WHERE _partition_id = …`, on each server) and compare with the manifest in the evidence. If the destination has the whole copy: `ALTER TABLE <table> DETACH PARTITION ID …` on one server of the source if it still shows the rows, then `gantry skip <id> --accept-risk "<what you counted>"`. If the destination has less: no row is lost, all of them are on the source or in its `detached`; `gantry stop <id>`.',
  },
  CLICKHOUSE_LATE_ROWS_UNCLEAR: {
    meaning:
      'Gantry cannot tell whether a part of late rows has been attached again at the source. Either an attempt was cut off and the replication log no longer has what it did; or rows came meanwhile that look like an attach (inserts without deduplication, such as those of a materialized view); or no server has a part of that name.',
    retryable: false,
    hint: 'Look for the part that the message names in the table’s `detached` folder on each server of the source. If all of them have it, it is not attached: run `ALTER TABLE … ATTACH PART` on one. If only some have it, look for its rows first. Then `gantry skip <id> --accept-risk "<what you saw>"`: the run goes on with the next part.',
  },
  CLICKHOUSE_LATE_ROWS_MERGED: {
    meaning:
      'Rows that came between the last look and the detach are not visible: the source had merged them with other parts (a restarted server resumes merges), so they cannot be attached by the name of their own part.',
    retryable: false,
    hint: 'They are in the part that the message names, in `detached` of a source server. DO keep that folder. Copy the part into `detached` of an empty table of the same structure, ATTACH it there, and `INSERT INTO <table> SELECT` the rows that the destination does not have. Then `gantry skip <id> --accept-risk "<what you inserted>"`.',
  },
  CLICKHOUSE_INGEST_NOT_HELD: {
    meaning: 'The program that stops the writers of the partition failed, or does not confirm that they are stopped.',
    retryable: true,
    hint: 'Run the `confirm` program of the table’s `fence` by hand with the same arguments; the message has the end of its output.',
  },
  CLICKHOUSE_FENCE_GONE: {
    meaning: 'The programs that stop the writers of the partition are no longer in the platform file.',
    retryable: false,
    hint: 'Put the `fence` of the table back into the file, restart the workers, then `gantry retry <id>`. Or let the writers go on by hand, then `gantry skip <id> --accept-risk "<what you did>"`.',
  },
  CLICKHOUSE_UNDO_UNSAFE: {
    meaning:
      'The move cannot be undone by attaching the source’s parts again and dropping the copy: the destination has other rows of the partition too, or too little is known of the move.',
    retryable: false,
    hint: 'If a report of the move is known, `gantry clickhouse undo-move … --reverse` moves the whole partition back instead; the other problems say what is in its way. If the run is parked, `gantry abort <id>` first.',
  },
} as const satisfies Record<string, CatalogueEntry>;
