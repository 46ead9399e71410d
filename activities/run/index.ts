import type { Client } from '@temporalio/client';
import type { AuditLog } from '../../src/audit/index.ts';
import type { Notifier } from '../../src/drivers/notify/notifier.ts';
import type { ReportStore } from '../../src/drivers/reports/folder-store.ts';
import type { LoadedPlatform } from '../../src/platform/index.ts';
import type { ControlActivities, PayloadStore } from '../../src/runs/index.ts';
import { plainActivity, readPage, storeList } from '../../src/steps/index.ts';
import { createAdmit, createCheckGates } from './admit.ts';
import { isCovered } from './cover.ts';
import { createDescribeHolder, createForwardUpdate } from './holder.ts';
import { createAdmitGuard, createAskGuard } from './guard.ts';
import { createLookAtItems, createUpdateItems } from './list.ts';
import { createPreemptHolder } from './preempt.ts';
import { createRecordAct } from './record-act.ts';
import { knownRequester } from './requester.ts';
import { createStoreSteps } from './store-steps.ts';
import { createVerifyApproval } from './verify-approval.ts';

/** What the control worker has: no credentials of any domain. */
export type ControlDeps = {
  platform: LoadedPlatform;
  client: Client;
  notifier: Notifier;
  reports: ReportStore;
  payloads: PayloadStore;
  audit: AuditLog;
};

/** The activities that every run needs. */
export function createControlActivities({
  platform,
  client,
  notifier,
  reports,
  payloads,
  audit,
}: ControlDeps): ControlActivities {
  return {
    admit: createAdmit(
      platform,
      {
        covered: (kind, parent) => isCovered(client, kind, parent),
        requester: (call, parent) => knownRequester(client, platform, call, parent),
      },
      audit,
    ),
    verifyApproval: createVerifyApproval(platform, audit),
    recordAct: createRecordAct(audit),
    checkGates: createCheckGates(platform),
    describeHolder: createDescribeHolder(client),
    forwardUpdate: createForwardUpdate(client),
    preemptHolder: createPreemptHolder(client),
    admitGuard: createAdmitGuard(platform),
    askGuard: createAskGuard(client),
    notify: plainActivity(notifier),
    storeList: plainActivity(({ items }) => storeList(payloads, items)),
    readPage: plainActivity((call) => readPage(payloads, call)),
    lookAtItems: createLookAtItems(client),
    updateItems: createUpdateItems(client),
    storeSteps: createStoreSteps(payloads),
    publishReport: plainActivity(({ report }) => reports.publish(report)),
    newestReport: plainActivity(({ kind, target }) => reports.newest(kind, target)),
  };
}
