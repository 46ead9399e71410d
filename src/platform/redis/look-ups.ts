import { GantryError } from '../../errors/index.ts';
import type { Platform } from '../schema/platform.ts';
import type { RedisGroup } from './schema.ts';

/**
 * The Redis group called `name`.
 * @throws GantryError REDIS_UNKNOWN_GROUP, naming the groups that there are.
 */
export function redisGroup(platform: Platform, name: string): RedisGroup {
  const { groups } = platform.redis;
  const group = Object.hasOwn(groups, name) ? groups[name] : undefined;
  if (group) return group;
  const known = Object.keys(groups).sort();
  const rest = known.length === 0 ? 'the platform file has none' : `known: ${known.join(', ')}`;
  throw new GantryError('REDIS_UNKNOWN_GROUP', `no Redis group is called ${name}; ${rest}`, {
    evidence: { group: name, known },
  });
}
