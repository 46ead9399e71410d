import type { CatalogueEntry } from './entry.ts';

/** Errors of the clickhouse domain: what a server answers, and what its answers mean for a procedure. */
export const clickhouseErrors = {
  CLICKHOUSE_UNREACHABLE: {
    meaning: 'The worker could not connect to the server’s HTTP port, or the connection broke before the answer came.',
    retryable: true,
    hint: 'From the worker: `curl http://<host>:<port>/ping`; then look at the process, the network and the address in the platform file.',
  },
  CLICKHOUSE_TIMEOUT: {
    meaning:
      'The server did not finish a statement in time. Gantry told it to stop; whether the statement took effect is unknown.',
    retryable: true,
    hint: '`SELECT query_id, elapsed, query FROM system.processes` on the server; `gantry retry <id>` looks before it acts.',
  },
  CLICKHOUSE_AUTH_FAILED: {
    meaning: 'The server refused the user name, the password or the network address of this worker.',
    retryable: false,
    hint: 'Compare the secret that the platform file names with the users of the server; restart the worker after a change.',
  },
  CLICKHOUSE_TLS_FAILED: {
    meaning: 'The worker and the server could not agree on TLS, or one does not trust the other’s certificate.',
    retryable: false,
    hint: '`openssl s_client -connect <host>:<port> -CAfile <ca>` from the worker.',
  },
  CLICKHOUSE_NO_PERMISSION: {
    meaning: 'The user that this worker logs in with may not run a statement that the procedure needs.',
    retryable: false,
    hint: 'Grant what the answer names, or lift `readonly` in the user’s profile.',
  },
  CLICKHOUSE_PEER_UNREACHABLE: {
    meaning: 'The server could not reach another server of the cluster.',
    retryable: true,
    hint: '`SELECT * FROM system.clusters` and `system.replicas` on the server; look at the network between the two.',
  },
  CLICKHOUSE_KEEPER_UNAVAILABLE: {
    meaning:
      'The server has no session with ZooKeeper or Keeper, or lost it during this statement, whose outcome is unknown.',
    retryable: true,
    hint: '`SELECT is_session_expired, is_readonly FROM system.replicas`; look at the ensemble first. `gantry retry <id>` looks before it acts.',
  },
  CLICKHOUSE_NO_LEADER: {
    meaning: 'The replicas of the shard have no leader, or are electing one: nothing was done.',
    retryable: true,
    hint: 'It passes within seconds after an outage of ZooKeeper or a restart; `SELECT replica_name, is_leader FROM system.replicas` on each replica, then `gantry retry <id>`.',
  },
  CLICKHOUSE_KEEPER_NODE_EXISTS: {
    meaning:
      'ZooKeeper already has an entry that the statement wanted to make: one ATTACH PARTITION FROM has two identical parts, or another one is under way.',
    retryable: false,
    hint: 'Nothing was attached. `OPTIMIZE` the source partition so that no two of its parts are identical, then `gantry retry <id>`.',
  },
  CLICKHOUSE_KEEPER_NO_NODE: {
    meaning: 'ZooKeeper has no entry at the path that the statement names: no such table, replica or part.',
    retryable: false,
    hint: '`SELECT zookeeper_path FROM system.replicas` on the source shows the right path.',
  },
  CLICKHOUSE_UNKNOWN_CLUSTER: {
    meaning: 'The server, or the platform file, has no cluster of this name.',
    retryable: false,
    hint: '`SELECT DISTINCT cluster FROM system.clusters` on the server; `gantry platform check` lists the others.',
  },
  CLICKHOUSE_UNKNOWN_NODE: {
    meaning: 'The ClickHouse cluster has no server of this name.',
    retryable: false,
    hint: 'Use one of the names that the message lists; they come from the platform file.',
  },
  CLICKHOUSE_UNKNOWN_DATABASE: {
    meaning: 'The server has no database of this name.',
    retryable: false,
    hint: '`SHOW DATABASES` on the server; every server of the cluster needs it.',
  },
  CLICKHOUSE_UNKNOWN_TABLE: {
    meaning: 'The server, or the platform file, has no table of this name.',
    retryable: false,
    hint: '`SHOW TABLES FROM <database>` on the server that the message names: every replica needs it; and `tables` of the cluster in the platform file.',
  },
  CLICKHOUSE_TABLE_EXISTS: {
    meaning: 'The server already has a table of this name, and it is not the one that was to be made.',
    retryable: false,
    hint: 'Look at it with `SHOW CREATE TABLE`. If it is not needed, `DROP TABLE` and `gantry retry <id>`.',
  },
  CLICKHOUSE_STRUCTURE_DIFFERS: {
    meaning: 'Two tables that must have the same columns and keys do not.',
    retryable: false,
    hint: 'Compare `SHOW CREATE TABLE` on both; finish the ALTER that reached only one of them.',
  },
  CLICKHOUSE_STATEMENT_UNSUPPORTED: {
    meaning: 'This server’s version does not know a statement or setting of the procedure.',
    retryable: false,
    hint: 'The message names it. Gantry chooses statements by what a server supports: if you did not ask for this one, report it with the version.',
  },
  CLICKHOUSE_STATEMENT_REFUSED: {
    meaning: 'The server refused a statement; its answer is in the message.',
    retryable: false,
    hint: 'Read the answer in the message, fix what it names, then `gantry retry <id>`.',
  },
  CLICKHOUSE_UNEXPECTED_ANSWER: {
    meaning: 'The server answered something that does not have the form it must have.',
    retryable: false,
    hint: 'Check that the address belongs to the HTTP port of a ClickHouse server and not to something in front of it.',
  },
  CLICKHOUSE_QUERY_RUNNING: {
    meaning: 'A statement of an earlier attempt still runs under the same query id.',
    retryable: true,
    hint: 'Wait for it: `SELECT elapsed, query FROM system.processes WHERE query_id = …`, or `KILL QUERY`.',
  },
  CLICKHOUSE_QUERY_KILLED: {
    meaning: 'Another client of the server killed the statement.',
    retryable: true,
    hint: 'Find out who runs `KILL QUERY` there. `gantry retry <id>` looks before it acts.',
  },
  CLICKHOUSE_TABLE_READ_ONLY: {
    meaning:
      'The replicated table is read-only on this server: it has no ZooKeeper session, or its metadata is in doubt.',
    retryable: true,
    hint: '`SELECT is_readonly, is_session_expired FROM system.replicas`; after ZooKeeper is back, `SYSTEM RESTART REPLICA`.',
  },
  CLICKHOUSE_REPLICA_BEHIND: {
    meaning: 'A replica did not catch up, or did not carry out a replicated statement, within the time allowed.',
    retryable: true,
    hint: '`SELECT * FROM system.replication_queue` on the replica; last_exception and postpone_reason say why.',
  },
  CLICKHOUSE_NO_ACTIVE_REPLICA: {
    meaning: 'No replica of the source is active in ZooKeeper, so nothing can be fetched from it.',
    retryable: true,
    hint: 'Start a server of the source shard; `system.replicas` there must not be read-only.',
  },
  CLICKHOUSE_ALREADY_DETACHED: {
    meaning: 'The table’s `detached` folder on this server already holds parts of that partition.',
    retryable: false,
    hint: 'Find out who made them: `<data path>/detached` on the host, or `system.detached_parts`. `gantry retry <id>` recognizes those of this run.',
  },
  CLICKHOUSE_PART_NOT_FOUND: {
    meaning: 'No replica has the part or the partition that was asked for: merged away, moved, or dropped.',
    retryable: false,
    hint: '`SELECT name, active FROM system.parts WHERE partition_id = …` on both replicas, then plan again.',
  },
  CLICKHOUSE_PARTITION_TOO_BIG: {
    meaning:
      'The server guards partitions of this size against being dropped, detached or moved (max_partition_size_to_drop).',
    retryable: false,
    hint: 'Raise it on the server, or `touch <data>/flags/force_drop_table` there, which applies to the next statement only.',
  },
  CLICKHOUSE_DISK_FULL: {
    meaning: 'A disk of the server has no room for what the statement writes.',
    retryable: false,
    hint: 'Free space or choose another destination; what was fetched so far is in `detached` of the staging table.',
  },
  CLICKHOUSE_MEMORY_LIMIT: {
    meaning: 'The statement needs more memory than the server or the user’s profile allows.',
    retryable: true,
    hint: '`SELECT query, memory_usage FROM system.processes`; try again when there is less load, or raise max_memory_usage.',
  },
  CLICKHOUSE_TOO_MANY_PARTS: {
    meaning:
      'A partition has so many parts that the server refuses further inserts: merges are stopped or do not keep up.',
    retryable: true,
    hint: '`SYSTEM START MERGES <table>` if they were stopped; `SELECT * FROM system.merges`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
