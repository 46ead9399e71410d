import type { CatalogueEntry } from './entry.ts';

/** A cluster that gets a shard more, or loses one. */
export const clickhouseShardErrors = {
  CLICKHOUSE_VERSION_DIFFERS: {
    meaning: 'A new server runs another version of ClickHouse than those that the cluster has.',
    retryable: false,
    hint: 'Install the version that the message names on the new servers, then plan again.',
  },
  CLICKHOUSE_MACROS_DIFFER: {
    meaning: 'The macros of a new server do not say which shard it is, or two of its replicas have the same name.',
    retryable: false,
    hint: '`SELECT * FROM system.macros` there: `shard` must be its number in the platform file, `replica` its own name. Restart the server after a change.',
  },
  CLICKHOUSE_PATH_SHARED: {
    meaning:
      'The path of a replicated table in ZooKeeper does not depend on the shard: a new server would become a replica of another one.',
    retryable: false,
    hint: '`SHOW CREATE TABLE` on a server of the cluster: the path needs `{shard}` and the replica `{replica}`. Such a table has to be made anew.',
  },
  CLICKHOUSE_STALE_REPLICA: {
    meaning:
      'ZooKeeper has replicas at the path of a table that is still to be made: what they left would come back, or the statement would fail.',
    retryable: false,
    hint: 'If these are of servers that are gone for good, remove them: `SYSTEM DROP REPLICA`, or the path in ZooKeeper on servers that lack it (18.16).',
  },
  CLICKHOUSE_MEMBERSHIP_DIFFERS: {
    meaning:
      'A server does not list the shards that the cluster is to have (`remote_servers`): readers there miss rows.',
    retryable: false,
    hint: '`SELECT shard_num, shard_weight, host_name, port FROM system.clusters` on the server that the message names; correct its `remote_servers`, then `gantry retry <id>` or plan again.',
  },
  CLICKHOUSE_MEMBERSHIP_NOT_CHANGED: {
    meaning: 'The program that writes `remote_servers` on the hosts failed, or could not be run.',
    retryable: true,
    hint: 'Run the `apply` program of the cluster’s `membership.hook` by hand with the same arguments; the message has its last words.',
  },
  CLICKHOUSE_KEY_PLACEMENT_SHIFTS: {
    meaning:
      'A Distributed table places rows by a key, and other weights change the shard that its key says: what is there would not be looked for where it lies.',
    retryable: false,
    hint: 'Give the table a rule that another shard does not change, on the shards that there are: `gantry clickhouse key-reshard <cluster> <table>`. Or let the new shard take no rows: weight 0 under `membership.weights`.',
  },
  CLICKHOUSE_CANARY_FAILED: {
    meaning: 'Rows of Gantry’s own did not reach the shards that the weights say, or were not seen from every server.',
    retryable: true,
    hint: 'The message says from where to where. Look at the network between these servers on the native port, and at the user and password of `remote_servers`.',
  },
  CLICKHOUSE_SHARD_NOT_MARKED: {
    meaning: 'The platform file still gives the shard that is to be emptied a share of the rows.',
    retryable: false,
    hint: 'Say `membership: { weights: { "<shard>": 0 } }` of the cluster, take it out of `weights` of its tables, and restart the workers.',
  },
  CLICKHOUSE_SHARD_NOT_EMPTY: {
    meaning: 'There are rows on the shard, where none may be.',
    retryable: false,
    hint: 'The message names them. Who writes to the shard’s own tables, past the Distributed ones? Then `gantry retry <id>`, or run it again.',
  },
  CLICKHOUSE_TABLE_UNDECLARED: {
    meaning: 'A table on the shard has rows, and the platform file does not say that Gantry may move them.',
    retryable: false,
    hint: 'List it under `tables` of the cluster with its `distributed`, or drop it there if nobody needs it.',
  },
  CLICKHOUSE_QUEUE_UNKNOWN: {
    meaning: 'The server can not say which rows wait in its Distributed tables (no system.distribution_queue).',
    retryable: false,
    hint: 'Look on the hosts: no `*.bin` below `data/<database>/<Distributed table>/`. Then `gantry skip <id> --accept-risk "<what you saw>"`, or declare `membership.queues`.',
  },
  CLICKHOUSE_QUEUE_NOT_EMPTY: {
    meaning: 'Rows that were acknowledged still wait in a Distributed table for the shard, or on one of its servers.',
    retryable: true,
    hint: 'They are sent by themselves once the target answers; `SYSTEM FLUSH DISTRIBUTED <table>` where the server knows it. DON’T remove a server before.',
  },
} as const satisfies Record<string, CatalogueEntry>;
