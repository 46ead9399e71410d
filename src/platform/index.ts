export type { RedisDiscovery, RedisGroup, RedisNode } from './schema/redis.ts';
export { redisGroup as redisGroupSchema } from './schema/redis.ts';
export type { SecretRef } from './schema/secret.ts';
