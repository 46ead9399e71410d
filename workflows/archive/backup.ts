import type { ArchiveActivities } from '../../activities/archive/index.ts';
import type { ArchiveBackupInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { openRun } from '../run/open-run.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

/**
 * Backs up what an archive holds: reads the sources, reads every new object back, signs the manifest. It holds the archive.
 * Runbook: docs/archive/backup.md.
 */
export async function archiveBackup(input: ArchiveBackupInput): Promise<RunReport> {
  return openRun('archive.backup', input, async (run) => {
    const plan = await run.plan(archive.planBackup, input);
    await run.approval(plan);
    const { data, title } = plan;
    const begun = await run.step('open the backup', archive.openBackup, { archive: data.archive, full: data.full });
    if (!begun) return;
    const { opened, refused } = begun.after;
    if (refused.length > 0) {
      const found = refused.map(({ backupId, why }) => ({ backupId, message: `${backupId}: ${why}` }));
      run.tell(
        title,
        found.map(({ backupId, message }) => ({ code: 'ARCHIVE_MANIFEST_UNTRUSTED', message, place: backupId })),
      );
    }
    const tally = { objects: 0, bytes: 0, made: 0, leftOut: 0 };
    const count = (seen: { after: { list?: { objects: number; bytes: number; made: number } } } | undefined): void => {
      const list = seen?.after.list;
      tally.objects += list?.objects ?? 0;
      tally.bytes += list?.bytes ?? 0;
      tally.made += list?.made ?? 0;
      // A step that was skipped by a person: the manifest then says nothing of that source.
      if (!list) tally.leftOut += 1;
    };
    const undo = { undo: true } as const;
    const long = { ...undo, profile: 'watched' } as const;
    for (const cluster of data.schemas)
      count(await run.step(`write down the schema of ${cluster}`, archive.exportSchema, { opened, cluster }, undo));
    for (const one of data.tables) {
      const name = `export ${one.table} of ${one.cluster}, shard ${one.shard}`;
      count(await run.step(name, archive.exportTable, { opened, ...one }, long));
    }
    for (const group of data.groups)
      count(await run.step(`take a snapshot of ${group}`, archive.snapshotRedis, { opened, group }, long));
    if (data.platformFile)
      count(await run.step('store the platform file', archive.storePlatformFile, { opened }, undo));
    if (data.carryOver)
      count(await run.step('carry the rest over', archive.carryOver, { opened, read: data.read }, long));

    const { objects } = tally;
    const verified = await run.step('read the objects back', archive.verifyObjects, { opened, objects }, long);
    const verifiedAt = verified?.after.verifiedAt;
    // What was not read back is no backup: a skipped proof ends the run without a manifest.
    if (verifiedAt === undefined) return;
    await run.step('write the manifest', archive.writeManifest, { opened, verifiedAt, objects }, long);
    if (data.protect)
      await run.step(
        'protect the objects',
        archive.protectObjects,
        { opened },
        { pointOfNoReturn: true, profile: 'watched' },
      );
    await run.step('clear the lists', archive.clearLists, { opened }, { leavesNothing: true, profile: 'slow' });
    for (const [name, value] of Object.entries(tally)) run.measure(name, value);
  });
}
