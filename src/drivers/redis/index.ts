export type { RedisConnectOptions } from './connect.ts';
export { connectRedis } from './connect.ts';
export type {
  Endpoint,
  FailoverState,
  Persisted,
  RedisCredentials,
  RedisNode,
  ReplicaSeen,
  Replication,
  RoleChange,
} from './types.ts';
export { epochKey, settledKey } from './types.ts';
