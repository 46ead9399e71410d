export { aclUsers } from './acl.ts';
export type { RedisConnectOptions } from './client.ts';
export { connectRedis } from './connect.ts';
export type {
  Endpoint,
  FailoverState,
  Persisted,
  RedisCredentials,
  RedisNode,
  RedisSnapshot,
  RedisTlsOptions,
  ReplicaSeen,
  Replication,
  RoleChange,
} from './types.ts';
export { epochKey, failoverKey, minReplicasKey, settledKey } from './types.ts';
