import type { Worker } from '@temporalio/worker';
import { createControlActivities } from '../activities/run/index.ts';
import type { AuditLog } from '../src/audit/index.ts';
import { auditFolder, folderAudit } from '../src/audit/index.ts';
import type { Notifier, NotifyTarget } from '../src/drivers/notify/notifier.ts';
import { createNotifier } from '../src/drivers/notify/notifier.ts';
import { folderStore } from '../src/drivers/reports/folder-store.ts';
import { controlQueue } from '../src/runs/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { Metrics } from '../src/telemetry/metrics.ts';
import { buildBundle } from './bundle.ts';
import type { WorkerContext } from './context.ts';
import { payloadStore } from './payloads.ts';
import { createWorker } from './worker.ts';

/** Workflow tasks and the control activities. It has no credentials of any domain. */
export async function orchestrationWorkers(context: WorkerContext, bundlePath?: string): Promise<Worker[]> {
  const { platform, client, env, taskQueue, metrics } = context;
  const { reports, notify } = platform.platform;
  const activities = createControlActivities({
    platform,
    client,
    notifier: counted(createNotifier(notifyTarget(notify, env)), metrics),
    reports: folderStore(reports.folder),
    payloads: payloadStore(platform),
    audit: countedAudit(folderAudit(auditFolder(reports.folder)), metrics),
  });
  const codePath = bundlePath ?? (await buildBundle());
  return Promise.all([
    createWorker(context, { taskQueue, workflowBundle: { codePath } }),
    createWorker(context, { taskQueue: controlQueue(taskQueue), activities }),
  ]);
}

/** Counts each attempt. Where no notice is configured there is nothing to count. */
function counted(notifier: Notifier, { notices }: Metrics): Notifier {
  return async (notice) => {
    const { event } = notice;
    await notifier(notice).catch((error: unknown) => {
      notices.inc({ event, outcome: 'failed' });
      throw error;
    });
    notices.inc({ event, outcome: 'sent' });
  };
}

function countedAudit({ append }: AuditLog, { auditFailures }: Metrics): AuditLog {
  return {
    append: (entry) =>
      append(entry).catch((error: unknown) => {
        auditFailures.inc();
        throw error;
      }),
  };
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
