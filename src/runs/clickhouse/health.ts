/** What a look at a cluster's health is asked about: one table, or every table of the platform file. */
export type ClickHouseHealthInput = {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, as in the platform file. */
  table?: string;
};

/** What is looked at. */
export type ClickHouseHealthPart = 'server' | 'replica' | 'queue' | 'mutations' | 'parts' | 'disk' | 'keeper';

/** One reading against its threshold. A missing reading counts as a failure. */
export type ClickHouseHealthCheck = {
  part: ClickHouseHealthPart;
  server: string;
  table?: string;
  ok: boolean;
  /** What was read, in words. */
  reading: string;
  /** What is accepted, in words. */
  threshold: string;
  /** Where it isn't ok: the catalogue code, and the operator's next command. */
  code?: string;
  hint?: string;
};

/** How a cluster stands. */
export type ClickHouseHealth = { cluster: string; ok: boolean; checks: readonly ClickHouseHealthCheck[] };
