export type { PaperMove } from './apply-moves.ts';
export { applyMoves } from './apply-moves.ts';
export type { BucketFacts, KeyReshardFacts, KeyReshardPlanning, KeyReshardPolicy } from './plan-key-reshard.ts';
export { planKeyReshard } from './plan-key-reshard.ts';
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
