import { planAudit } from '../../../src/planning/archive/index.ts';
import type { ArchiveAuditInput, PlanCall } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from '../recovery/access.ts';

/** What an audit looks at. It asks the store nothing. @throws ARCHIVE_UNKNOWN */
export const auditPlan = definePlan(
  'archive.audit',
  async ({ input: { archive } }: PlanCall<ArchiveAuditInput>, { recovery }: RecoveryDeps) => {
    const { bucket, audit } = (await recovery(archive)).config;
    return planAudit({ archive, bucket, ...audit });
  },
);
