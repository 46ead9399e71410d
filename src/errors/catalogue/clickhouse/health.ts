import type { CatalogueEntry } from '../entry.ts';

/** What a health check of a ClickHouse cluster finds, and over which nothing should be moved. */
export const clickhouseHealthErrors = {
  CLICKHOUSE_REPLICA_MISSING: {
    meaning: 'Fewer replicas of the table are active than the platform file declares.',
    retryable: true,
    hint: 'Start the server that is missing; `SELECT active_replicas, total_replicas FROM system.replicas` tells when it is back.',
  },
  CLICKHOUSE_DISK_LOW: {
    meaning: 'A disk of the server has less free space than must be kept.',
    retryable: false,
    hint: 'Free space on the server that the message names, or add a shard: `gantry clickhouse health <cluster>` shows the readings.',
  },
  CLICKHOUSE_FREE_SPACE_UNKNOWN: {
    meaning:
      'The server does not list its disks (it has no system.disks), and the platform file does not say how large they are.',
    retryable: false,
    hint: 'Set `tier` of the table in the platform file to one of the cluster’s `tiers`: the tier’s size minus what is used then counts as free.',
  },
  CLICKHOUSE_KEEPER_SLOW: {
    meaning: 'ZooKeeper answers the server, but too slowly for replication.',
    retryable: true,
    hint: 'Look at the ensemble (`echo mntr | nc <host> 2181`: latency, outstanding requests, the disk of its log).',
  },
} as const satisfies Record<string, CatalogueEntry>;
