import type { ProcedureTable } from '../../../src/steps/index.ts';
import { clearStaging } from '../recovery/clear-staging.ts';
import { copyOut, dropCopies } from '../recovery/copy-out.ts';
import { countCost } from '../recovery/count-cost.ts';
import { fillStaging } from '../recovery/fill-staging.ts';
import { proveClosed } from '../recovery/prove-closed.ts';
import { proveObjects } from '../recovery/prove-objects.ts';
import { awaitThaw, requestThaw } from '../recovery/thaw.ts';
import { verifyStaging } from '../recovery/verify-staging.ts';
import { fillProduction } from './fill-production.ts';
import { makeTables } from './make-tables.ts';
import { restorePlan } from './plan.ts';
import { promote } from './promote.ts';

/** What a run of archive.restore is made of. */
export const restore = {
  archivePlanRestore: restorePlan,
  archiveRequestThaw: requestThaw,
  archiveAwaitThaw: awaitThaw,
  archiveCopyOut: copyOut,
  archiveProveObjects: proveObjects,
  archiveProveClosed: proveClosed,
  archiveFillStaging: fillStaging,
  archiveVerifyStaging: verifyStaging,
  archiveMakeTables: makeTables,
  archiveFillProduction: fillProduction,
  archivePromote: promote,
  archiveClearStaging: clearStaging,
  archiveDropCopies: dropCopies,
  archiveCountCost: countCost,
} satisfies ProcedureTable<'archive.restore'>;
