import { fileURLToPath } from 'node:url';
import { loadPlatform } from '../../src/platform/index.ts';
import { controlQueue, domainQueue } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { openContext } from '../../workers/context.ts';
import { createWorker } from '../../workers/worker.ts';
import { engineActivities, engineControl } from './world.ts';

// The worker under test: a process of its own, with the house's worker options and all queues, as `workers/main.ts` starts
// it; only the activities are the bench's.
const [address = '', taskQueue = '', codePath = ''] = process.argv.slice(2);
const platform = loadPlatform(fileURLToPath(new URL('../../platform.example.yaml', import.meta.url)));
const connection = { address, namespace: 'default', options: { address } };
const context = await openContext({ connection, taskQueue, platform, log: createLog('warn') });
const workers = await Promise.all([
  createWorker(context, { taskQueue, workflowBundle: { codePath } }),
  createWorker(context, { taskQueue: controlQueue(taskQueue), activities: engineControl() }),
  createWorker(context, {
    taskQueue: domainQueue(taskQueue, 'redis'),
    activities: engineActivities(new Map(), platform.digest),
  }),
]);
process.once('SIGTERM', () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
});
await Promise.all(workers.map((worker) => worker.run()));
await context.close();
process.exit(0);
