import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Worker } from '@temporalio/worker';
import { createVantageActivities } from '../activities/redis/failover/observe.ts';
import { vantageQueue } from '../src/runs/index.ts';
import type { WorkerContext } from './context.ts';
import { redisGroups } from './redis.ts';
import { createWorker } from './worker.ts';

/**
 * Vantages: places that look at Redis primaries. GANTRY_VANTAGE names the one that this process is; without it the process
 * polls for all vantages of the platform file. All of those are then *one* failure domain, and count once.
 */
export async function vantageWorkers(context: WorkerContext): Promise<Worker[]> {
  const { platform, env, taskQueue } = context;
  const groups = redisGroups(context);
  const domain = env['GANTRY_VANTAGE_DOMAIN'] || thisMachine();
  const known = Object.values(platform.platform.redis.groups).flatMap(({ failover }) => failover.vantages);
  const names = env['GANTRY_VANTAGE'] ? [env['GANTRY_VANTAGE']] : [...new Set(known)];
  return Promise.all(
    names.map((vantage) =>
      createWorker(context, {
        taskQueue: vantageQueue(taskQueue, 'redis', vantage),
        activities: createVantageActivities({ groups, vantage, domain }),
        // What a frozen worker has open it swallows, and the run waits for each of them: one is enough for looks.
        maxConcurrentActivityTaskPolls: 1,
      }),
    ),
  );
}

/** Two processes of one machine are one failure domain, unless somebody says otherwise. */
function thisMachine(): string {
  try {
    return `${hostname()}/${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return hostname();
  }
}
