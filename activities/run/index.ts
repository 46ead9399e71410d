import type { Client } from '@temporalio/client';
import type { Notifier } from '../../src/drivers/notify/notifier.ts';
import type { ReportStore } from '../../src/drivers/reports/folder-store.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import type { ControlActivities } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { createAdmit, createCheckGates } from './admit.ts';
import { createDescribeHolder, createForwardUpdate } from './front.ts';
import { createAdmitGuard, createAskGuard } from './guard.ts';
import { createPreemptHolder } from './preempt.ts';

/** What the control worker has: no credentials of any domain. */
export type ControlDeps = { platform: LoadedPlatform; client: Client; notifier: Notifier; reports: ReportStore };

/** The activities that every run needs. */
export function createControlActivities({ platform, client, notifier, reports }: ControlDeps): ControlActivities {
  return {
    admit: createAdmit(platform),
    checkGates: createCheckGates(platform),
    describeHolder: createDescribeHolder(client),
    forwardUpdate: createForwardUpdate(client),
    preemptHolder: createPreemptHolder(client),
    admitGuard: createAdmitGuard(platform),
    askGuard: createAskGuard(client),
    notify: plainActivity(notifier),
    publishReport: plainActivity(({ report }) => reports.publish(report)),
    newestReport: plainActivity(({ kind, target }) => reports.newest(kind, target)),
  };
}
