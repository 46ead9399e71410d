import type { ArchiveActivities } from '../../../activities/archive/index.ts';
import type { PromotionData, RestoreData, RestorePart } from '../../../src/runs/index.ts';
import { domainRefs } from '../../run/call.ts';
import type { Run } from '../../run/run.ts';
import type { RecoveryStep } from './steps.ts';
import type { Hasten } from './thaw.ts';
import { thaw } from './thaw.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

export type BringBackOptions = {
  /** After which the deadline of the archive is at risk, from the first request on. */
  hasten?: Hasten;
  /** What an abort leaves in staging, for people to look at. */
  keep?: boolean;
};

/**
 * From cold objects to verified data in staging: thaw, copy out, prove each byte, prove staging closed, fill it, compare it with
 * the manifest. A restore and a drill are the same up to here. Each phase has its own clock.
 */
export async function bringBack(
  run: Run<RecoveryStep>,
  data: RestoreData,
  { hasten, keep = false }: BringBackOptions = {},
): Promise<{ verified: PromotionData['verified']; copiedAt: number }> {
  const { archive: of, name, objects, parts } = data;
  const all = { archive: of, name, objects };
  const filled = { undo: !keep, profile: 'watched' } as const;
  if (data.cold > 0) {
    await run.phase('thaw', () => thaw(run, data, data.riskMs, hasten));
    await copyOut(run, data);
  }
  const copiedAt = Date.now();
  await run.phase('verify', () => run.step('prove every object', archive.proveObjects, all, { profile: 'watched' }));
  await run.phase('restore', async () => {
    await run.step('prove that staging is closed', archive.proveClosed, { archive: of }, { profile: 'slow' });
    for (const part of parts)
      await run.step(`fill staging with ${words(part)}`, archive.fillStaging, { ...all, part }, filled);
  });
  const verified = await run.phase('validate', async () => {
    const found: PromotionData['verified'][number][] = [];
    for (const part of parts) {
      const one = { ...all, part };
      const seen = await run.step(`verify ${words(part)}`, archive.verifyStaging, one, { profile: 'watched' });
      if (!seen) continue;
      const { what, rows, sum, xor, totals } = seen.after;
      found.push({ what, rows, sum, xor, ...(totals ? { totals } : {}) });
    }
    return found;
  });
  return { verified, copiedAt };
}

/** So often are copies that expired in the middle thawed again; then a person looks. */
const mostCopies = 5;

/** Copies what is thawed. What is cold again by then, against all margins, is thawed again, and the rest is not copied twice. */
async function copyOut(run: Run<RecoveryStep>, data: RestoreData): Promise<void> {
  const { archive: of, name, objects } = data;
  for (let round = 1; ; round += 1) {
    const copied = await run.phase('copy', () =>
      run.ifItFails(
        round < mostCopies ? ['S3_OBJECT_COLD'] : [],
        async () => {
          const all = { archive: of, name, objects };
          await run.step('copy out what is thawed', archive.copyOut, all, { undo: true, profile: 'watched' });
          return true;
        },
        async () => false,
      ),
    );
    if (copied) return;
    await run.phase('thaw', () => thaw(run, data, data.riskMs));
  }
}

/** Staging and the copies in the store are no longer needed. The last step says what was asked of the store, and what it costs. */
export async function clearUp(run: Run<RecoveryStep>, data: RestoreData, copiedAt: number): Promise<void> {
  const { archive: of, name, objects, parts, cold, coldBytes: copiedBytes, days } = data;
  const all = { archive: of, name, objects };
  await run.step('clear staging', archive.clearStaging, { ...all, parts }, { leavesNothing: true, profile: 'slow' });
  if (cold > 0) await run.step('delete the copies', archive.dropCopies, all, { leavesNothing: true, profile: 'slow' });
  const timing = { days, copiedBytes, copiesMs: Date.now() - copiedAt };
  const cost = await run.step('count the cost', archive.countCost, { archive: of, asked: run.asked(), timing });
  if (cost) run.measure(`actual.cost.${cost.after.currency}`, cost.after.total);
}

/** A part in words. */
export function words(part: RestorePart): string {
  return part.kind === 'redis' ? part.group : part.table;
}
