import type { ProcedureTable } from '../../../src/steps/index.ts';
import { clearStaging } from '../recovery/clear-staging.ts';
import { copyOut, dropCopies } from '../recovery/copy-out.ts';
import { countCost } from '../recovery/count-cost.ts';
import { fillStaging } from '../recovery/fill-staging.ts';
import { proveClosed } from '../recovery/prove-closed.ts';
import { proveObjects } from '../recovery/prove-objects.ts';
import { awaitThaw, requestThaw } from '../recovery/thaw.ts';
import { verifyStaging } from '../recovery/verify-staging.ts';
import { markBackup } from './mark-backup.ts';
import { drillPlan } from './plan.ts';

/** What a run of archive.drill is made of. */
export const drill = {
  archivePlanDrill: drillPlan,
  archiveRequestThaw: requestThaw,
  archiveAwaitThaw: awaitThaw,
  archiveCopyOut: copyOut,
  archiveProveObjects: proveObjects,
  archiveProveClosed: proveClosed,
  archiveFillStaging: fillStaging,
  archiveVerifyStaging: verifyStaging,
  archiveClearStaging: clearStaging,
  archiveDropCopies: dropCopies,
  archiveCountCost: countCost,
  archiveMarkBackup: markBackup,
} satisfies ProcedureTable<'archive.drill'>;
