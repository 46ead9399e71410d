import type { Worker } from '@temporalio/worker';
import type { RedisGroupAccess } from '../activities/redis/access.ts';
import { redisGroupAccess } from '../activities/redis/access.ts';
import { createRedisActivities } from '../activities/redis/index.ts';
import { redisGroup } from '../src/platform/index.ts';
import { domainQueue } from '../src/runs/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';
import { createWorker } from './worker.ts';

/** The steps of the redis domain. It has the passwords of the Redis groups and nothing else. */
export async function redisWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, env, log, taskQueue } = context;
  const groups = (name: string): RedisGroupAccess => {
    const access = redisGroupAccess(name, redisGroup(platform.platform, name), (ref) => resolveSecret(ref, env));
    return wrapped(context, access);
  };
  const groupNames = Object.keys(platform.platform.redis.groups);
  const activities = createRedisActivities({ groups, groupNames, runtime: { platformDigest: platform.digest }, log });
  return [await createWorker(context, { taskQueue: domainQueue(taskQueue, 'redis'), activities })];
}

function wrapped({ wrapDriver }: WorkerContext, access: RedisGroupAccess): RedisGroupAccess {
  return {
    ...access,
    connect: async (node, options) => wrapDriver('redis', await access.connect(node, options)),
    discovery: wrapDriver('discovery', access.discovery),
  };
}
