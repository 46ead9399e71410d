import type { AuditData, DraftOf } from '../../../runs/index.ts';

/** What an audit does, from the platform file alone. Pure. Runbook: docs/archive/audit.md. */
export function planAudit(data: AuditData & { bucket: string }): {
  ok: true;
  draft: DraftOf<'archive.audit', AuditData>;
} {
  const { archive, bucket, maxAgeMs, manifests, sample } = data;
  const hours = maxAgeMs / 3_600_000;
  return {
    ok: true,
    draft: {
      title: `Audit the backups of ${archive} in ${bucket}`,
      actions: [
        {
          step: 'archive.audit-manifests',
          what: `verify the newest ${manifests} manifests; the newest that can be trusted is at most ${hours.toFixed(1)} h old`,
          reversible: true,
        },
        {
          step: 'archive.audit-objects',
          what: `compare the listing of the bucket with its objects and bytes, and look at ${sample} of them`,
          reversible: true,
        },
      ],
      ...{ facts: [], warnings: [], irreversible: [], voidIf: [] },
      data: { archive, maxAgeMs, manifests, sample },
    },
  };
}
