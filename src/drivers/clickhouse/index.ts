export type { Canary, CanaryRows } from './canary.ts';
export type { Capabilities, StatementKind } from './capabilities.ts';
export type { ClickHouseConnectOptions } from './connect.ts';
export { connectClickHouse } from './connect.ts';
export type { DiskFacts, Usage } from './disks.ts';
export { serverCodeOf } from './errors.ts';
export { queryIdPrefix } from './link.ts';
export type { PartitionReads } from './heat.ts';
export type { Arrival, BlockNumbers, DropRange } from './keeper.ts';
export type { DetachedPart, PartFacts, PartitionFacts } from './parts.ts';
export type { SchemaObject, WaitingFiles } from './schema.ts';
export type {
  ClusterMember,
  FetchUnderWay,
  MergeUnderWay,
  MutationFacts,
  QueueEntry,
  ReplicaFacts,
  RunningQuery,
} from './standing.ts';
export type { ColumnFacts, Digest, TableFacts } from './tables.ts';
export type { BucketRows, BucketRule, Buckets, EngineExtras, PlacementRule } from './buckets.ts';
export type { DayFigures, FiguresQuery, FiguresScope, StorageFacts } from './tiering.ts';
export type {
  ClickHouseChanges,
  ClickHouseCredentials,
  ClickHouseEndpoint,
  ClickHouseNode,
  ClickHouseReads,
  PartitionName,
  StatementOwner,
  TableName,
  WaitFor,
} from './types.ts';
