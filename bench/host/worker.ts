import { loadPlatform, platformDigests } from '../../src/platform/index.ts';
import { domainQueue } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { openContext } from '../../workers/context.ts';
import { orchestrationWorkers } from '../../workers/orchestration.ts';
import { payloadStore } from '../../workers/payloads.ts';
import { createWorker } from '../../workers/worker.ts';
import { region } from './platform.ts';
import type { PlayedHosts } from './played.ts';
import { playedActivities } from './played.ts';

// A worker of a fleet: orchestration as in production, and a host role whose hosts are played.
const [address = '', taskQueue = '', codePath = '', platformFile = '', played = '{}'] = process.argv.slice(2);
const { failing, ...play } = JSON.parse(played) as Omit<PlayedHosts, 'failing'> & { failing: string[] };
const platform = loadPlatform(platformFile);
const connection = { address, namespace: 'default', options: { address } };
const context = await openContext({ connection, taskQueue, platform, log: createLog('warn') });
const runtime = { ...platformDigests(platform.platform), payloads: payloadStore(platform) };
const activities = playedActivities(platform, runtime, { ...play, failing: new Set(failing) });
const workers = [
  ...(await orchestrationWorkers(context, codePath)),
  await createWorker(context, { taskQueue: domainQueue(taskQueue, 'host'), activities }),
  await createWorker(context, { taskQueue: domainQueue(taskQueue, 'host', region), activities }),
];
process.once('SIGTERM', () => {
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
});
await Promise.all(workers.map((worker) => worker.run()));
await context.close();
process.exit(0);
