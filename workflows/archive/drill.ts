import type { ArchiveActivities } from '../../activities/archive/index.ts';
import { isErrorCode } from '../../src/errors/index.ts';
import type { ErrorCode } from '../../src/errors/index.ts';
import type { ArchiveDrillInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { Ending } from '../run/ending.ts';
import { openRun } from '../run/open-run.ts';
import { bringBack, clearUp } from './recovery/bring-back.ts';
import { measureEstimate } from './recovery/ledger.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

/** What the store or the bytes say is about the backup; a staging server that is down says nothing of it. */
const aboutTheBackup: readonly ErrorCode[] = [
  'ARCHIVE_OBJECT_CHANGED',
  'ARCHIVE_ROWS_DIFFER',
  'ARCHIVE_MANIFEST_MALFORMED',
  'S3_OBJECT_MISSING',
  'S3_BODY_DAMAGED',
];

/**
 * Proves that a backup can be restored: the same as a restore up to verified data in staging, which is cleared then. A backup that
 * fails its drill is marked, and people are told. Runbook: docs/archive/drill.md.
 */
export async function archiveDrill(input: ArchiveDrillInput): Promise<RunReport> {
  return openRun('archive.drill', input, async (run) => {
    let pinned = input.backup;
    const data = await run.phase('decide', async () => {
      const plan = await run.plan(archive.planDrill, async () => ({ ...input, ...(pinned ? { backup: pinned } : {}) }));
      pinned = plan.data.backupId;
      await run.approval(plan);
      return plan.data;
    });
    measureEstimate(run, data);
    const { archive: of, backupId } = data;
    const { verified, copiedAt } = await run.ifItFails(
      aboutTheBackup,
      () => bringBack(run, data),
      async (trouble) => {
        const { code, message } = trouble;
        const mark = { archive: of, backupId, code, why: message };
        await run.step(`mark ${backupId} as bad`, archive.markBackup, mark, { leavesNothing: true });
        run.tell(`the drill of backup ${backupId} failed: it cannot be restored`, [
          { code: isErrorCode(code) ? code : 'UNEXPECTED', message, place: backupId },
        ]);
        run.measure('drill.passed', 0);
        // Undone is what it put into staging and into the store; the mark stays.
        throw new Ending('aborted', trouble);
      },
    );
    // What a person skipped, with its risk accepted, is not proven.
    run.measure('drill.passed', verified.length === data.parts.length ? 1 : 0);
    await clearUp(run, data, copiedAt);
  });
}
