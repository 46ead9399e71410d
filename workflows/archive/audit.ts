import { uuid4 } from '@temporalio/workflow';
import type { ArchiveActivities } from '../../activities/archive/index.ts';
import type { ErrorCode } from '../../src/errors/index.ts';
import type { ArchiveAuditInput, Finding, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { Ending } from '../run/ending.ts';
import { failWithFindings } from '../run/findings.ts';
import { openRun } from '../run/open-run.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

/** A store that cannot be asked fails the audit; a run that parks would hold the archive's lock, and tonight's backup with it. */
const noAnswer: readonly ErrorCode[] = [
  'S3_UNREACHABLE',
  'S3_TIMEOUT',
  'S3_THROTTLED',
  'S3_AUTH_FAILED',
  'S3_NO_PERMISSION',
  'S3_KEY_UNUSABLE',
  'S3_NO_BUCKET',
  'S3_REFUSED',
  'SECRET_NOT_FOUND',
];

/**
 * Looks whether the backups of an archive are there, signed, whole and young enough. It changes nothing. What is wrong fails the run, and
 * people are told. Runbook: docs/archive/audit.md.
 */
export async function archiveAudit(input: ArchiveAuditInput): Promise<RunReport> {
  return openRun('archive.audit', input, async (run) => {
    const { data } = await run.plan(archive.planAudit, input);
    const seed = input.seed ?? parseInt(uuid4().slice(0, 8), 16);
    run.measure('seed', seed);
    const findings = await run.ifItFails(
      noAnswer,
      async (): Promise<readonly Finding[]> => {
        const manifests = await run.step('verify the manifests', archive.auditManifests, data, { profile: 'slow' });
        // An audit that a person had skip its look has seen nothing, which is no good news either.
        if (!manifests)
          return [{ code: 'ARCHIVE_NO_BACKUP', message: 'no manifest was looked at', place: data.archive }];
        const { newest, findings: first } = manifests.after;
        if (!newest) return first;
        run.measure('newest.ageMs', newest.ageMs);
        const { backupId, objects } = newest;
        const of = { archive: data.archive, newest: { backupId, objects }, sample: data.sample, seed };
        const seen = await run.step('look at the objects', archive.auditObjects, of, { profile: 'slow' });
        run.measure('objects', seen?.after.objects ?? 0);
        run.measure('bytes', seen?.after.bytes ?? 0);
        // The same of the objects: a manifest says what was there when it was signed.
        if (!seen)
          return [
            ...first,
            { code: 'ARCHIVE_BACKUP_INCOMPLETE', message: `no object of ${backupId} was looked at`, place: backupId },
          ];
        return [...first, ...seen.after.findings];
      },
      async (trouble) => {
        throw new Ending('failed', trouble);
      },
    );
    failWithFindings(run, findings);
  });
}
