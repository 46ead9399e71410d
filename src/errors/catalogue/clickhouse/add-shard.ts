import type { CatalogueEntry } from '../entry.ts';

/** A shard that is added to a cluster, or emptied. */
export const clickhouseShardErrors = {
  CLICKHOUSE_VERSION_DIFFERS: {
    meaning: 'A new server runs another version of ClickHouse than the servers of the cluster.',
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
      'The path of a replicated table in ZooKeeper does not depend on the shard: a new server would become a replica of a server of another shard.',
    retryable: false,
    hint: '`SHOW CREATE TABLE` on a server of the cluster: the path needs `{shard}` and the replica `{replica}`. Such a table must be created again with another path.',
  },
  CLICKHOUSE_STALE_REPLICA: {
    meaning:
      'ZooKeeper has replicas at the path of a table that does not exist yet: their old data would come back, or the statement would fail.',
    retryable: false,
    hint: 'If they belong to servers that are gone for good, remove them: `SYSTEM DROP REPLICA`, or the path in ZooKeeper on servers that lack it (18.16).',
  },
  CLICKHOUSE_MEMBERSHIP_DIFFERS: {
    meaning:
      'A server does not list the shards that the cluster should have (`remote_servers`): readers on it miss rows.',
    retryable: false,
    hint: '`SELECT shard_num, shard_weight, host_name, port FROM system.clusters` on the server that the message names; correct its `remote_servers`, then `gantry retry <id>` or plan again.',
  },
  CLICKHOUSE_MEMBERSHIP_NOT_CHANGED: {
    meaning: 'The program that writes `remote_servers` on the hosts failed, or could not be run.',
    retryable: true,
    hint: 'Run the `apply` program of the cluster’s `membership.hook` by hand with the same arguments; the message has the end of its output.',
  },
  CLICKHOUSE_KEY_PLACEMENT_SHIFTS: {
    meaning:
      'A Distributed table places rows by a key, and changed weights would assign keys to other shards: readers would not look for existing rows where they are.',
    retryable: false,
    hint: 'First give the table a rule that does not change when a shard is added: `gantry clickhouse key-reshard <cluster> <table>`, on the present shards. Or let the new shard take no rows: weight 0 under `membership.weights`.',
  },
  CLICKHOUSE_CANARY_FAILED: {
    meaning:
      'Gantry’s own test rows did not reach the shards according to the weights, or were not visible from every server.',
    retryable: true,
    hint: 'The message says between which servers. Look at the network between these servers on the native port, and at the user and password of `remote_servers`.',
  },
  CLICKHOUSE_SHARD_NOT_MARKED: {
    meaning: 'The platform file still gives a share of the rows to the shard that is to be emptied.',
    retryable: false,
    hint: 'Set `membership: { weights: { "<shard>": 0 } }` of the cluster, remove the shard from `weights` of its tables, and restart the workers.',
  },
  CLICKHOUSE_SHARD_NOT_EMPTY: {
    meaning: 'The shard still has rows, and must have none.',
    retryable: false,
    hint: 'The message says where. Find out who writes to the shard’s own tables instead of the Distributed ones; then `gantry retry <id>`, or run it again.',
  },
  CLICKHOUSE_TABLE_UNDECLARED: {
    meaning: 'A table on the shard has rows, and the platform file does not say that Gantry may move them.',
    retryable: false,
    hint: 'List it under `tables` of the cluster with its `distributed`, or drop it there if it is not needed.',
  },
  CLICKHOUSE_QUEUE_UNKNOWN: {
    meaning: 'The server cannot say which rows wait in its Distributed tables (no system.distribution_queue).',
    retryable: false,
    hint: 'Look on the hosts: no `*.bin` below `data/<database>/<Distributed table>/`. Then `gantry skip <id> --accept-risk "<what you saw>"`, or declare `membership.queues`.',
  },
  CLICKHOUSE_QUEUE_NOT_EMPTY: {
    meaning: 'Rows that were acknowledged still wait in a Distributed table for the shard, or on one of its servers.',
    retryable: true,
    hint: 'The server sends them by itself once the target answers; `SYSTEM FLUSH DISTRIBUTED <table>` sends them now, where the server knows it. DON’T remove a server before they are sent.',
  },
} as const satisfies Record<string, CatalogueEntry>;
