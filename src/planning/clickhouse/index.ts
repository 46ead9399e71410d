export type { PaperMove } from './apply-moves.ts';
export { applyMoves } from './apply-moves.ts';
export type { HealthFinding, NoReading, ServerHealth, TableHealth } from './health.ts';
export { healthLimits, judgeHealth } from './health.ts';
export { copyRate, uncappedWarnings } from './fetch-rate.ts';
export { stillHolds } from './still-holds.ts';
export type { RebalanceTerms } from './rebalance-draft.ts';
export { rebalanceDraft } from './rebalance-draft.ts';
export type { BucketFacts, KeyReshardFacts, KeyReshardPlanning, KeyReshardPolicy } from './plan-key-reshard.ts';
export { planKeyReshard } from './plan-key-reshard.ts';
export type { BucketShare, ReshardFacts, ReshardPlanning, ReshardTerms } from './plan-reshard.ts';
export { misplacedRows, planReshard } from './plan-reshard.ts';
export { maxParts } from './move-findings.ts';
export type {
  ClickHouseMoveData,
  MoveFacts,
  MoveIntent,
  MoveServerFacts,
  MoveServerReading,
  MoveSide,
} from './move-types.ts';
export type { MovePlanning } from './plan-move.ts';
export { planMove } from './plan-move.ts';
export type { MovedBefore, WayBack, WayBackPlanning } from './way-back-types.ts';
export { planUndoMove } from './plan-undo-move.ts';
export type { RebalancePlanning } from './plan-rebalance.ts';
export { planRebalance } from './plan-rebalance.ts';
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
} from './types.ts';
export type { TierPlanning } from './plan-tier.ts';
export { planTier } from './plan-tier.ts';
export type { RollupDifference, RollupVerdict } from './rollup-proof.ts';
export { addUp, compareRollup, differenceInWords } from './rollup-proof.ts';
export type { TierCandidates } from './tier-due.ts';
export { tierCandidates } from './tier-due.ts';
export type { TierSpan, TierUnit } from './tier-span.ts';
export { sharesDays, tierSpan, tierUnit } from './tier-span.ts';
export { leftInWords } from './tier-words.ts';
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
} from './tier-types.ts';
export type { TableTtl } from './table-ttl.ts';
export { tableTtl } from './table-ttl.ts';
export type { SplitFacts } from './split-findings.ts';
export { maxSplits, splitFindings } from './split-findings.ts';
export type { DistributedEngine, Placement } from './distributed-engine.ts';
export { distributedEngine, distributedSettings, placementBy } from './distributed-engine.ts';
export type { ListedServer } from './membership.ts';
export { asXml, listingOf, listingProblems, sumOfWeights, weightsInWords } from './membership.ts';
export type { AddShardPlanning } from './plan-add-shard.ts';
export { planAddShard } from './plan-add-shard.ts';
export type { DrainShardPlanning } from './plan-drain-shard.ts';
export { planDrainShard } from './plan-drain-shard.ts';
export { fullName } from './schema-order.ts';
export { placeOn } from './shard-paths.ts';
export type { ListedMember, ObjectFacts, ShardIntent, ShardServerFacts } from './shard-types.ts';
