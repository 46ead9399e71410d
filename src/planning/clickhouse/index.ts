export type { PaperMove } from './apply-moves.ts';
export { applyMoves } from './apply-moves.ts';
export type { HealthFinding, NoReading, ServerHealth, TableHealth } from './health.ts';
export { healthLimits, judgeHealth } from './health.ts';
export { stillHolds } from './still-holds.ts';
export type { RebalanceTerms } from './rebalance-draft.ts';
export { rebalanceDraft } from './rebalance-draft.ts';
export type { BucketFacts, KeyReshardFacts, KeyReshardPlanning, KeyReshardPolicy } from './plan-key-reshard.ts';
export { planKeyReshard } from './plan-key-reshard.ts';
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
