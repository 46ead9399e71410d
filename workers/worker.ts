import type { WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { hostname } from 'node:os';
import { gantryVersion } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';

/**
 * A worker with the house's settings. `maxHeartbeatThrottleInterval` bounds how long a cancellation takes to reach an
 * activity (it travels on heartbeat answers); the cache bound keeps the memory of open runs bounded (docs/benchmarks.md).
 */
export function createWorker(
  context: WorkerContext,
  own: Partial<WorkerOptions> & { taskQueue: string },
): Promise<Worker> {
  return Worker.create({
    connection: context.native,
    namespace: context.namespace,
    // Temporal's own form, and which Gantry this is: `gantry doctor` reads it.
    identity: `${process.pid}@${hostname()} gantry/${gantryVersion}`,
    maxHeartbeatThrottleInterval: 400,
    defaultHeartbeatThrottleInterval: 400,
    shutdownGraceTime: '5s',
    shutdownForceTime: '15s',
    maxCachedWorkflows: 100,
    ...own,
    ...(typeof context.options === 'function' ? context.options(own) : context.options),
  });
}
