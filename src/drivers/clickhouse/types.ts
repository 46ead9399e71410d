/** Where a server's HTTP interface listens. */
export type ClickHouseEndpoint = { host: string; port: number };

/** Read by the worker from where the platform file points; never logged, never in an error. */
export type ClickHouseCredentials = {
  /** `default` unless given. */
  username?: string;
  password?: string;
  /** HTTPS, with these certificates in PEM. */
  tls?: { ca?: string; cert?: string; key?: string };
};

/** Whose statements these are: their query ids are `gantry:<unit>:<attempt>:<n>`, so that a later attempt finds them. */
export type StatementOwner = { unit: string; attempt: number };

/** A table's full name. */
export type TableName = { database: string; table: string };

/** For which replicas a replicated ALTER is waited for. A replica that is down is waited for without end by `all` (18.16). */
export type WaitFor = 'nobody' | 'own' | 'all';

/** A partition of a table, by its id (`system.parts.partition_id`). */
export type PartitionName = TableName & { partitionId: string };
