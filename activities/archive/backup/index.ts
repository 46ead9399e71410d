import type { ProcedureTable } from '../../../src/steps/index.ts';
import { carryOver } from './carry-over.ts';
import { clearLists } from './clear-lists.ts';
import { exportSchema } from './export-schema.ts';
import { exportTable } from './export-table.ts';
import { openBackup } from './open-backup.ts';
import { backupPlan } from './plan.ts';
import { protectObjects } from './protect-objects.ts';
import { snapshotRedis } from './snapshot-redis.ts';
import { storePlatformFile } from './store-platform-file.ts';
import { verifyObjects } from './verify-objects.ts';
import { writeManifest } from './write-manifest.ts';

/** What a run of archive.backup is made of. */
export const backup = {
  archivePlanBackup: backupPlan,
  archiveOpenBackup: openBackup,
  archiveExportSchema: exportSchema,
  archiveExportTable: exportTable,
  archiveSnapshotRedis: snapshotRedis,
  archiveStorePlatformFile: storePlatformFile,
  archiveCarryOver: carryOver,
  archiveVerifyObjects: verifyObjects,
  archiveWriteManifest: writeManifest,
  archiveProtectObjects: protectObjects,
  archiveClearLists: clearLists,
} satisfies ProcedureTable<'archive.backup'>;
