import type { ArchiveActivities } from '../../activities/archive/index.ts';
import type { ArchiveRestoreInput, PromotionData, RestoreData, RestorePart, RunReport } from '../../src/runs/index.ts';
import { lockId } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import type { Lock } from '../run/hold.ts';
import { openRun } from '../run/open-run.ts';
import { bringBack, clearUp, words } from './recovery/bring-back.ts';
import { measureEstimate } from './recovery/ledger.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

const made = { undo: true, profile: 'watched' } as const;
/** Clients may write from there on. */
const crossing = { pointOfNoReturn: true, profile: 'slow' } as const;

/**
 * From a backup in a cold class to proven data in production: thaw, copy out, prove, stage, verify, and after a second approval
 * promote. It may take days. Runbook: docs/archive/restore.md.
 */
export async function archiveRestore(input: ArchiveRestoreInput): Promise<RunReport> {
  return openRun('archive.restore', input, async (run) => {
    // The plan that is made again after an approval is about the same backup, however many were made meanwhile.
    let pinned = input.backup;
    const data = await run.phase('decide', async () => {
      const plan = await run.plan(archive.planRestore, async () => ({
        ...input,
        ...(pinned ? { backup: pinned } : {}),
      }));
      const planned = plan.data as RestoreData;
      pinned = planned.backupId;
      await run.approval(plan);
      return planned;
    });
    measureEstimate(run, data, input.lostAt);
    const { verified, copiedAt } = await bringBack(run, data, {
      keep: input.declined === 'keep',
      hasten: async (leftMs) => {
        const faster = await run.plan(archive.planRestore, { ...input, at: { stage: 'upgrade', data, leftMs } });
        if (faster.needsApproval?.length) await run.approval(faster);
        return faster.data.stage === 'upgrade' ? faster.data.tier : undefined;
      },
    });
    await run.phase('promote', async () => {
      const plan = await run.plan(archive.planRestore, { ...input, at: { stage: 'promote', data, verified } });
      await run.approval(plan);
      const { parts } = plan.data as PromotionData;
      await run.holding('hold the locks of what is promoted', parts.map(lockOf), async (stillHeld) => {
        const all = { archive: data.archive, name: data.name, objects: data.objects };
        for (const part of parts) {
          if (part.kind !== 'clickhouse') continue;
          const { table } = part;
          const of = { ...all, part };
          await stillHeld();
          await run.step(`make ${table} where it is missing`, archive.makeTables, of, { undo: true, profile: 'slow' });
          await run.step(`load ${table} beside production`, archive.fillProduction, of, made);
        }
        for (const part of parts) {
          await stillHeld();
          await run.step(`promote ${words(part)}`, archive.promote, { ...all, part }, crossing);
        }
      });
    });
    await clearUp(run, data, copiedAt);
  });
}

/** The lock that the data's own procedures hold. */
function lockOf(part: RestorePart): Lock {
  const target = part.kind === 'redis' ? part.group : `${part.cluster}/${part.table}`;
  return { id: lockId(part.kind, target), target };
}
