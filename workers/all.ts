import type { Worker } from '@temporalio/worker';
import type { WorkerContext, WorkerSettings } from './context.ts';
import { openContext } from './context.ts';

type StartRole = (context: WorkerContext) => Promise<Worker[]>;

/**
 * Worker roles: which process polls what. Production runs one deployment for each, and each loads the clients of its own
 * domain alone: a `redis` worker holds half the memory of a process that loads them all.
 */
export const roles = {
  orchestration: async () => (await import('./orchestration.ts')).orchestrationWorkers,
  redis: async () => (await import('./redis.ts')).redisWorkers,
  clickhouse: async () => (await import('./clickhouse.ts')).clickhouseWorkers,
  archive: async () => (await import('./archive.ts')).archiveWorkers,
  vantage: async () => (await import('./vantage.ts')).vantageWorkers,
  host: async () => (await import('./host.ts')).hostWorkers,
  region: async () => (await import('./region.ts')).regionWorkers,
} satisfies Record<string, () => Promise<StartRole>>;

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
  const start = await Promise.all(wanted.map((role) => roles[role]()));
  const context = await openContext(settings);
  const workers = (await Promise.all(start.map((begin) => begin(context)))).flat();
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
