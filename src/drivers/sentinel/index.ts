export { connectSentinel, watchSwitch } from './connect.ts';
export type { SentinelDiscoveryOptions } from './discovery.ts';
export { sentinelDiscovery } from './discovery.ts';
export type { SentinelNode, SentinelReplica, SentinelState, Switched } from './types.ts';
