export { auditGroup } from './audit-group.ts';
export { decideDeath } from './decide-failover.ts';
export type { DetachedFor, LeaseJudgement } from './lease.ts';
export { judgeLease } from './lease.ts';
export type { Divergence } from './lost-writes.ts';
export { findDivergence } from './lost-writes.ts';
export type { FailoverFacts, FailoverIntent, FailoverPlanning } from './plan-failover.ts';
export { planFailover } from './plan-failover.ts';
export type { RedundancyFacts, RedundancyPlanning } from './plan-redundancy.ts';
export { planRedundancy } from './plan-redundancy.ts';
export type { RejoinIntent, RejoinPlanning } from './plan-rejoin.ts';
export { planRejoin } from './plan-rejoin.ts';
export type { SwitchoverPlanning } from './plan-switchover.ts';
export { planSwitchover } from './plan-switchover.ts';
export { sameAddress } from './roles.ts';
export type { WatchState, WatchTick } from './watch-group.ts';
export { beginWatch, lagsOf, needsConfirmation, stepWatch } from './watch-group.ts';
export type {
  Address,
  DiscoveryFacts,
  Finding,
  GroupFacts,
  GroupIntent,
  HandoverLimits,
  Join,
  LostWritesOf,
  NewOrder,
  NodeFacts,
  NodeReading,
  NodeRef,
  RedisFailoverData,
  RedisRedundancyData,
  RedisRejoinData,
  PriorityChange,
  RedisSwitchoverData,
  SentinelData,
  SentinelFacts,
  SentinelReading,
  WriteSafety,
} from './types.ts';
