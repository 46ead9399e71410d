import type { Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/run/index.ts';
import type { NotifyTarget } from '../src/drivers/notify/notifier.ts';
import { createNotifier } from '../src/drivers/notify/notifier.ts';
import { folderStore } from '../src/drivers/reports/folder-store.ts';
import { controlQueue } from '../src/runs/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import { buildBundle } from './bundle.ts';
import type { WorkerContext } from './context.ts';
import { createWorker } from './worker.ts';

/** Workflow tasks and the control activities. It has no credentials of any domain. */
export async function orchestrationWorkers(context: WorkerContext, bundlePath?: string): Promise<Worker[]> {
  const { platform, client, env, taskQueue } = context;
  const { reports, notify } = platform.platform;
  const activities = createControlActivities({
    platform,
    client,
    notifier: createNotifier(notifyTarget(notify, env)),
    reports: folderStore(reports.folder),
  });
  const codePath = bundlePath ?? (await buildBundle());
  return Promise.all([
    createWorker(context, { taskQueue, workflowBundle: { codePath } }),
    createWorker(context, { taskQueue: controlQueue(taskQueue), activities }),
  ]);
}

type Notify = WorkerContext['platform']['platform']['notify'];

function notifyTarget(notify: Notify, env: WorkerContext['env']): NotifyTarget {
  const { webhook, file } = notify ?? {};
  return {
    ...(file ? { file } : {}),
    ...(webhook
      ? { webhook: { url: webhook.url, ...(webhook.token ? { token: resolveSecret(webhook.token, env) } : {}) } }
      : {}),
  };
}
