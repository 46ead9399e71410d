export type { PaperMove } from './rebalance/apply-moves.ts';
export { applyMoves } from './rebalance/apply-moves.ts';
export type { HealthFinding, NoReading, ServerHealth, TableHealth } from './health/judge.ts';
export { healthLimits, judgeHealth } from './health/judge.ts';
export { copyRate, uncappedWarnings } from './facts/fetch-rate.ts';
export { stillHolds } from './rebalance/still-holds.ts';
export type { RebalanceTerms } from './rebalance/draft.ts';
export { rebalanceDraft } from './rebalance/draft.ts';
export type { BucketFacts, KeyReshardFacts, KeyReshardPlanning, KeyReshardPolicy } from './key-reshard/plan-buckets.ts';
export { planKeyReshard } from './key-reshard/plan-buckets.ts';
export type { BucketShare, ReshardFacts, ReshardPlanning, ReshardTerms } from './key-reshard/plan.ts';
export { misplacedRows, planReshard } from './key-reshard/plan.ts';
export { maxParts } from './partition/findings.ts';
export type {
  ClickHouseMoveData,
  MoveFacts,
  MoveIntent,
  MoveServerFacts,
  MoveServerReading,
  MoveSide,
} from './partition/types.ts';
export type { MovePlanning } from './partition/plan-move.ts';
export { planMove } from './partition/plan-move.ts';
export type { MovedBefore, WayBack, WayBackPlanning } from './undo-move/types.ts';
export { planUndoMove } from './undo-move/plan.ts';
export type { RebalancePlanning } from './rebalance/plan.ts';
export { planRebalance } from './rebalance/plan.ts';
export type {
  DiskFacts,
  EngineFamily,
  Finding,
  PartitionFacts,
  PartitionFlag,
  RebalanceFacts,
  RebalancePolicy,
  ReplicaFacts,
  ShardFacts,
  TableFacts,
} from './facts/types.ts';
export type { TierPlanning } from './tier/plan.ts';
export { planTier } from './tier/plan.ts';
export type { RollupDifference, RollupVerdict } from './tier/rollup-proof.ts';
export { addUp, compareRollup, differenceInWords } from './tier/rollup-proof.ts';
export type { TierCandidates } from './tier/due.ts';
export { tierCandidates } from './tier/due.ts';
export type { TierSpan, TierUnit } from './tier/span.ts';
export { sharesDays, tierSpan, tierUnit } from './tier/span.ts';
export { leftInWords } from './tier/words.ts';
export type {
  BackupReading,
  DayFigures,
  RollupReading,
  TierAlign,
  TierData,
  TierDigest,
  TierExpiry,
  TierFacts,
  TierIntent,
  TierLeft,
  TierMove,
  TierPartition,
  TierServer,
} from './tier/types.ts';
export type { TableTtl } from './tier/table-ttl.ts';
export { tableTtl } from './tier/table-ttl.ts';
export type { SplitFacts } from './key-reshard/split-findings.ts';
export { maxSplits, splitFindings } from './key-reshard/split-findings.ts';
export type { DistributedEngine, Placement } from './facts/distributed-engine.ts';
export { distributedEngine, distributedSettings, placementBy } from './facts/distributed-engine.ts';
export type { ListedServer } from './cluster/membership.ts';
export { asXml, listingOf, listingProblems, sumOfWeights, weightsInWords } from './cluster/membership.ts';
export type { AddShardPlanning } from './add-shard/plan.ts';
export { planAddShard } from './add-shard/plan.ts';
export type { DrainShardPlanning } from './drain-shard/plan.ts';
export { planDrainShard } from './drain-shard/plan.ts';
export { fullName } from './cluster/schema-order.ts';
export { placeOn } from './add-shard/paths.ts';
export type { ListedMember, ObjectFacts, ShardIntent, ShardServerFacts } from './cluster/types.ts';
