export { auditGroup } from './audit-group.ts';
export type { SwitchoverPlanning } from './plan-switchover.ts';
export { planSwitchover } from './plan-switchover.ts';
export { sameAddress } from './roles.ts';
export type {
  Address,
  DiscoveryFacts,
  Finding,
  GroupFacts,
  GroupIntent,
  HandoverLimits,
  NodeFacts,
  NodeReading,
  NodeRef,
  RedisSwitchoverData,
  WriteSafety,
} from './types.ts';
