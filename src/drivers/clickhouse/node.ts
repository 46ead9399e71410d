import type { ReplicaReads } from './replicas.ts';
import type { TieringReads } from './tiering.ts';
import type { TableReads } from './tables.ts';
import type { PartReads } from './parts.ts';
import type { KeeperReads } from './keeper.ts';
import type { ExportReads } from './exports.ts';
import type { HeatReads } from './heat.ts';
import type { DiskReads } from './disks.ts';
import type { BucketVerbs } from './buckets.ts';
import type { CanaryChanges, CanaryReads } from './canary.ts';
import type { Capabilities } from './capabilities.ts';
import type { RestoreVerbs } from './restore.ts';
import type { TotalReads } from './totals.ts';
import type { SchemaChanges, SchemaReads } from './schema.ts';
import type { ClickHouseChanges } from './changes.ts';
import type { ClickHouseEndpoint } from './types.ts';

/** The verbs that look. */
export type ClickHouseReads = DiskReads &
  ExportReads &
  HeatReads &
  KeeperReads &
  PartReads &
  TableReads &
  TieringReads &
  TotalReads &
  ReplicaReads & {
    capabilities: () => Promise<Capabilities>;
    /** Whether a table's fetches can be capped: see `createStaging`. Not on 18.16. */
    capsFetches: () => Promise<boolean>;
  };

/**
 * One connection to one server, as small verbs: each is a statement or two, so that a test can fail, delay or record each
 * of them. Every verb throws catalogue errors and ends when the signal aborts, with its reason: the statement is killed on
 * the server then. Whether a changing statement that was cut short took effect is unknown: probe.
 */
export type ClickHouseNode = ClickHouseReads &
  BucketVerbs &
  SchemaReads &
  CanaryReads &
  ClickHouseChanges &
  SchemaChanges &
  CanaryChanges &
  RestoreVerbs & { readonly endpoint: ClickHouseEndpoint; close: () => Promise<void> };
