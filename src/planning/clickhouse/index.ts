export type { PaperMove } from './apply-moves.ts';
export { applyMoves } from './apply-moves.ts';
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
export type { MovedBefore } from './plan-undo-move.ts';
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
