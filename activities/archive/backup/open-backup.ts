import type { OpenedBackup } from '../../../src/runs/index.ts';
import { backupIdOf } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import type { RefusedBackup } from '../access/backups.ts';
import { newestBackup } from '../access/backups.ts';

type Open = { archive: string; full: boolean };

export type Opened = { opened: OpenedBackup; refused: readonly RefusedBackup[] };

/** Gives the backup its name, and finds the newest one that can be trusted. It only looks; nothing is written before. */
export const openBackup = defineStep<Open, Opened, ArchiveDeps>({
  name: 'archive.open-backup',
  probe: ({ archive, full }, { archives, payloads }, context) => {
    const access = archives(archive);
    // Found out before hours are spent.
    access.signer();
    return withStore(access, context, async (store) => {
      const nowMs = Date.now();
      const createdAt = new Date(nowMs).toISOString();
      const backupId = backupIdOf(nowMs, runOf(context.unit));
      const { newest, refused } = await newestBackup(access, store, payloads);
      const { fullEveryMs } = access.config;
      const increment = newest && !full && nowMs - Date.parse(newest.header.fullCreatedAt) < fullEveryMs;
      const named = { archive, backupId, createdAt };
      const { fullBackupId, fullCreatedAt } = increment
        ? newest.header
        : { fullBackupId: backupId, fullCreatedAt: createdAt };
      const previous = newest && { ...newest.ref, backupId: newest.backupId, objects: newest.objects };
      const kind = increment ? ('increment' as const) : ('full' as const);
      const opened = { ...named, kind, fullBackupId, fullCreatedAt, ...(previous ? { previous } : {}) };
      const words = increment ? `an increment after ${newest.backupId}` : 'a full one';
      return done({ opened, refused }, `backup ${backupId}: ${words}`);
    });
  },
});

/** The last digits of the run's id, which are random: two backups of the same second have different names. */
function runOf(unit: string): string {
  const run = unit.split('/').at(-2) ?? unit;
  return run
    .replace(/[^0-9a-z]/g, '')
    .slice(-12)
    .padStart(4, '0');
}
