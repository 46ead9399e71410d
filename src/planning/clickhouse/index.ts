export type { PaperMove } from './apply-moves.ts';
export { applyMoves } from './apply-moves.ts';
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
