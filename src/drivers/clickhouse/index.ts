export type { Canary, CanaryRows } from './canary.ts';
export type { Capabilities, StatementKind } from './capabilities.ts';
export type { ClickHouseConnectOptions } from './connect.ts';
export { connectClickHouse } from './connect.ts';
export type { DiskFacts, Usage } from './disks.ts';
export { serverCodeOf } from './errors.ts';
export { queryIdPrefix } from './session.ts';
export type { PartitionReads } from './heat.ts';
export type { Arrival, BlockNumbers, DropRange, MergeEntry, MutationEntry, TableMark } from './keeper.ts';
export type { DetachedPart, PartFacts, PartitionFacts } from './parts.ts';
export type { Reach, RestoreVerbs } from './restore.ts';
export type { SchemaObject, WaitingFiles } from './schema.ts';
export type {
  ClusterMember,
  FetchUnderWay,
  MergeUnderWay,
  MutationFacts,
  QueueEntry,
  ReplicaFacts,
  RunningQuery,
} from './replicas.ts';
export type { ColumnFacts, Digest, TableFacts } from './tables.ts';
export type { BucketRows, BucketRule, Buckets, EngineExtras, PlacementRule } from './buckets.ts';
export { totalFault } from './totals.ts';
export type { DayFigures, FiguresQuery, FiguresScope, StorageFacts } from './tiering.ts';
export type {
  ClickHouseCredentials,
  ClickHouseEndpoint,
  PartitionName,
  StatementOwner,
  TableName,
  WaitFor,
} from './types.ts';
export type { ClickHouseNode, ClickHouseReads } from './node.ts';
export type { ClickHouseChanges } from './changes.ts';
