import type { Worker } from '@temporalio/worker';
import type { RedisGroupAccess } from '../activities/redis/access/access.ts';
import { redisGroupAccess } from '../activities/redis/access/access.ts';
import { redisClocks } from '../activities/redis/access/clocks.ts';
import { createRedisActivities } from '../activities/redis/index.ts';
import { guardPolicy, platformDigests, redisGroup } from '../src/platform/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';
import { domainWorkers } from './domain.ts';
import { payloadStore } from './payloads.ts';

/** The steps of the redis domain. It has the passwords of the Redis groups and nothing else. */
export async function redisWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, log } = context;
  const groups = redisGroups(context);
  const groupNames = Object.keys(platform.platform.redis.groups);
  const activities = createRedisActivities({
    groups,
    groupNames,
    guardPolicy: (name) => guardPolicy(platform.platform, name),
    runtime: { ...platformDigests(platform.platform), payloads: payloadStore(platform) },
    log,
  });
  return domainWorkers(context, 'redis', activities, () => redisClocks(groups, groupNames));
}

/** How a worker reaches the groups of its platform file. */
export function redisGroups(context: WorkerContext): (name: string) => RedisGroupAccess {
  const { platform, env } = context;
  return (name) => {
    const access = redisGroupAccess(name, redisGroup(platform.platform, name), (ref) => resolveSecret(ref, env));
    return wrapped(context, access);
  };
}

function wrapped({ wrapDriver }: WorkerContext, access: RedisGroupAccess): RedisGroupAccess {
  const { sentinels } = access;
  return {
    ...access,
    connect: async (node, options) => wrapDriver('redis', await access.connect(node, options)),
    discovery: wrapDriver('discovery', access.discovery),
    hook: (...given) => wrapDriver('hook', access.hook(...given)),
    ...(sentinels
      ? { sentinels: { ...sentinels, connect: async (at) => wrapDriver('sentinel', await sentinels.connect(at)) } }
      : {}),
  };
}
