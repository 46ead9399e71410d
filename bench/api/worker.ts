import { fileURLToPath } from 'node:url';
import { loadPlatform } from '../../src/platform/index.ts';
import { controlQueue, defaultPolicy, domainQueue } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { openContext } from '../../workers/context.ts';
import { createWorker } from '../../workers/worker.ts';
import type { EngineInput } from '../engine/world.ts';
import { engineActivities, engineControl } from '../engine/world.ts';

// The workers behind the API: a process of their own with the house's options. Each run waits for an approval.
const [address = '', taskQueue = '', codePath = ''] = process.argv.slice(2);
const platform = loadPlatform(fileURLToPath(new URL('../../platform.example.yaml', import.meta.url)));
const connection = { address, namespace: 'default', options: { address } };
const context = await openContext({ connection, taskQueue, platform, log: createLog('warn') });
const control = { ...engineControl(), admit: plainActivity(async () => ({ policy: defaultPolicy })) };
const { redisPlan, ...steps } = engineActivities(new Map(), platform.digest);
const activities = {
  ...steps,
  // What the API starts names a group alone.
  redisPlan: (call: Parameters<typeof redisPlan>[0]) =>
    redisPlan({ ...call, input: { ...call.input, steps: 0, people: 1 } satisfies EngineInput }),
};
const workers = await Promise.all([
  createWorker(context, { taskQueue, workflowBundle: { codePath } }),
  createWorker(context, { taskQueue: controlQueue(taskQueue), activities: control }),
  createWorker(context, { taskQueue: domainQueue(taskQueue, 'redis'), activities }),
]);
process.once('SIGTERM', () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
});
await Promise.all(workers.map((worker) => worker.run()));
await context.close();
process.exit(0);
