import type { Worker } from '@temporalio/worker';
import { archiveWorkers } from './archive.ts';
import { clickhouseWorkers } from './clickhouse.ts';
import type { WorkerContext, WorkerSettings } from './context.ts';
import { openContext } from './context.ts';
import { hostWorkers } from './host.ts';
import { orchestrationWorkers } from './orchestration.ts';
import { redisWorkers } from './redis.ts';
import { regionWorkers } from './region.ts';
import { vantageWorkers } from './vantage.ts';

/** Worker roles: which process polls what. Production runs one deployment for each. */
export const roles = {
  orchestration: (context: WorkerContext) => orchestrationWorkers(context),
  redis: (context: WorkerContext) => redisWorkers(context),
  clickhouse: (context: WorkerContext) => clickhouseWorkers(context),
  archive: (context: WorkerContext) => archiveWorkers(context),
  vantage: (context: WorkerContext) => vantageWorkers(context),
  host: (context: WorkerContext) => hostWorkers(context),
  region: (context: WorkerContext) => regionWorkers(context),
} satisfies Record<string, (context: WorkerContext) => Promise<Worker[]>>;

export type Role = keyof typeof roles;

/** Workers that are polling. `failed` rejects when one of them ends by itself. */
export type RunningWorkers = {
  stop: () => Promise<void>;
  failed: Promise<never>;
  /** Whether all of them poll. */
  polling: () => boolean;
};

/**
 * Starts the workers of the given roles (all of them unless given) in this process. Resolves when they poll.
 * @throws GantryError when a secret is missing or the server refuses.
 */
export async function startWorkers(
  settings: WorkerSettings,
  wanted: readonly Role[] = Object.keys(roles) as Role[],
): Promise<RunningWorkers> {
  const context = await openContext(settings);
  const workers = (await Promise.all(wanted.map((role) => roles[role](context)))).flat();
  const runs = workers.map((worker) => worker.run());
  const ended = Promise.all(runs);
  const failed = ended.then(() => new Promise<never>(() => undefined));
  // Nobody may be listening; the same rejection reaches whoever stops or watches.
  failed.catch((error: unknown) => settings.log.error({ error }, 'a worker ended by itself'));
  return {
    failed,
    polling: () => workers.every((worker) => worker.getState() === 'RUNNING'),
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(runs);
      await context.close();
    },
  };
}
