import type { ProcedureTable } from '../../../src/steps/index.ts';
import { auditManifests } from './audit-manifests.ts';
import { auditObjects } from './audit-objects.ts';
import { auditPlan } from './plan.ts';

/** What a run of archive.audit is made of. */
export const audit = {
  archivePlanAudit: auditPlan,
  archiveAuditManifests: auditManifests,
  archiveAuditObjects: auditObjects,
} satisfies ProcedureTable<'archive.audit'>;
