import type { WorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { hostname } from 'node:os';
import { gantryVersion } from '../src/settings/index.ts';
import type { ReadClocks } from './answer.ts';
import { createAnswer } from './answer.ts';
import type { WorkerContext } from './context.ts';

/**
 * A worker with the house's settings. `maxHeartbeatThrottleInterval` bounds how long a cancellation takes to reach an
 * activity (it travels on heartbeat answers); the cache bound keeps the memory of open runs bounded (docs/benchmarks.md).
 * A worker of activities says also that it is there when it is asked, and what `readClocks` reads.
 */
export function createWorker(
  context: WorkerContext,
  own: Partial<WorkerOptions> & { taskQueue: string },
  readClocks?: ReadClocks,
): Promise<Worker> {
  // Temporal's own form, and which Gantry this is: `gantry doctor` reads it.
  const identity = `${process.pid}@${hostname()} gantry/${gantryVersion}`;
  return Worker.create({
    connection: context.native,
    namespace: context.namespace,
    identity,
    maxHeartbeatThrottleInterval: 400,
    defaultHeartbeatThrottleInterval: 400,
    shutdownGraceTime: '5s',
    shutdownForceTime: '15s',
    maxCachedWorkflows: 100,
    ...own,
    ...(own.activities ? { activities: { ...own.activities, ...createAnswer(identity, readClocks) } } : {}),
    ...(typeof context.options === 'function' ? context.options(own) : context.options),
  });
}
