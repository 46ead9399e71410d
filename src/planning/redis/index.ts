export { auditGroup } from './audit/audit.ts';
export { decideDeath } from './failover/decide.ts';
export type { DetachedFor, LeaseJudgement } from './failover/lease.ts';
export { judgeLease, judgePlannedLease } from './failover/lease.ts';
export type { Divergence } from './group/lost-writes.ts';
export { findDivergence } from './group/lost-writes.ts';
export type { FailoverPlanning } from './failover/plan.ts';
export type { FailoverFacts, FailoverIntent } from './failover/types.ts';
export { planFailover } from './failover/plan.ts';
export type { RedundancyFacts, RedundancyPlanning } from './restore-redundancy/plan.ts';
export { planRedundancy } from './restore-redundancy/plan.ts';
export type { RejoinPlanning } from './rejoin/plan.ts';
export type { RejoinIntent } from './join/types.ts';
export { planRejoin } from './rejoin/plan.ts';
export type { SwitchoverPlanning } from './switchover/plan.ts';
export { planSwitchover } from './switchover/plan.ts';
export { sameAddress } from './group/roles.ts';
export type { WatchState, WatchTick } from './guard/watch.ts';
export { beginWatch, lagsOf, needsConfirmation, stepWatch } from './guard/watch.ts';
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
} from './group/types.ts';
