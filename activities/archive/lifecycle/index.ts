import type { ProcedureTable } from '../../../src/steps/index.ts';
import { lifecyclePlan } from './plan.ts';
import { reconcileLifecycle } from './reconcile-lifecycle.ts';

/** What a run of archive.lifecycle is made of. */
export const lifecycle = {
  archivePlanLifecycle: lifecyclePlan,
  archiveReconcileLifecycle: reconcileLifecycle,
} satisfies ProcedureTable<'archive.lifecycle'>;
