import type { Worker, WorkerOptions } from '@temporalio/worker';
import { problem, refusal } from '../src/errors/index.ts';
import { regionsOf } from '../src/platform/index.ts';
import type { Domain } from '../src/runs/index.ts';
import { domainQueue } from '../src/runs/index.ts';
import type { ReadClocks } from './answer.ts';
import type { WorkerContext } from './context.ts';
import { createWorker } from './worker.ts';

/**
 * The workers of a domain: one for the queue of the domain, one for that of each of its regions. GANTRY_REGIONS names the
 * regions whose targets this process reaches; without it they are all those in which the platform file has targets.
 * @throws SETTINGS_INVALID when it names a region that the platform file does not have
 */
export async function domainWorkers(
  context: WorkerContext,
  domain: Domain,
  activities: NonNullable<WorkerOptions['activities']>,
  readClocks?: ReadClocks,
): Promise<Worker[]> {
  return Promise.all(
    [undefined, ...wantedRegions(context, domain)].map((region) =>
      createWorker(context, { taskQueue: domainQueue(context.taskQueue, domain, region), activities }, readClocks),
    ),
  );
}

/** The regions that a process polls for. */
export function wantedRegions({ env, platform }: Pick<WorkerContext, 'env' | 'platform'>, domain: Domain): string[] {
  const used = regionsOf(platform.platform, domain);
  const wanted = env['GANTRY_REGIONS'];
  if (!wanted) return used;
  const names = [...new Set(wanted.split(',').map((name) => name.trim()))].filter((name) => name !== '');
  const unknown = names.filter((name) => !Object.hasOwn(platform.platform.regions, name));
  if (unknown.length > 0) {
    const known = Object.keys(platform.platform.regions).join(', ');
    throw refusal(
      unknown.map((name) =>
        problem(
          'SETTINGS_INVALID',
          `GANTRY_REGIONS names "${name}"; the regions of the platform file are ${known}`,
          'GANTRY_REGIONS',
        ),
      ),
    );
  }
  return names.filter((name) => used.includes(name));
}
