import { DefaultLogger, Runtime } from '@temporalio/worker';
import { loadPlatform } from '../../src/platform/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { Role } from '../../workers/all.ts';
import { roles, startWorkers } from '../../workers/all.ts';
import type { Order, Said, WorkOrder } from './orders.ts';
import { createCutter } from './cutter.ts';

// Workers of the roles that it is started with, in one process, as the sweep's victim or rescuer; driven over IPC by startSweepWorker.
const say = (said: Said): void => void process.send?.(said);
const cutter = createCutter((activity) => say({ say: 'retried', activity }));

const wanted = process.argv.slice(2) as Role[];

async function work({ address, taskQueue, platformFile, bundlePath }: WorkOrder): Promise<void> {
  const workers = await startWorkers(
    {
      connection: { address, namespace: 'default', options: { address } },
      taskQueue,
      platform: loadPlatform(platformFile),
      log: createLog('debug'),
      wrapDriver: cutter.wrapDriver,
      options: (own) => ({
        ...cutter.options,
        ...(own.workflowBundle ? { workflowBundle: { codePath: bundlePath } } : {}),
        stickyQueueScheduleToStartTimeout: '200ms',
        // A frozen process holds its polls open, and what the server hands to one of them is lost until a timeout.
        workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
      }),
    },
    wanted,
  );
  void workers.failed.catch(() => process.exit(1));
}

async function obey(order: Order): Promise<Said> {
  switch (order.do) {
    case 'work':
      await work(order);
      return { say: 'done' };
    case 'arm':
      cutter.arm(order.place, order.signal);
      return { say: 'done' };
    case 'trace':
      return { say: 'trace', places: cutter.trace(), busy: cutter.busy() };
  }
}

Runtime.install({ logger: new DefaultLogger('WARN') });
process.on('message', (order: Order & { id: number }) => {
  obey(order).then(
    (said) => process.send?.({ id: order.id, ...said }),
    (error: unknown) =>
      process.send?.({ id: order.id, say: 'failed', error: String(error) } satisfies Said & { id: number }),
  );
});
process.once('disconnect', () => process.exit(0));
await Promise.all(wanted.map((role) => roles[role]()));
say({ say: 'ready' });
