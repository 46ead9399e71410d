import type { ArchiveActivities } from '../../../activities/archive/index.ts';
import type { RestoreData, ThawTier } from '../../../src/runs/index.ts';
import { domainRefs } from '../../run/call.ts';
import type { Run } from '../../run/run.ts';
import type { RecoveryStep } from './steps.ts';

const archive = domainRefs<ArchiveActivities, 'archive'>('archive');

/** Looks that have something for the run to do: copies that expire, objects that are cold again. Beyond that a person looks. */
const mostRounds = 40;
const minute = 60_000;
// What is thawed expires by itself: an abort leaves nothing of it to clean up.
const asking = { profile: 'watched', leavesNothing: true } as const;

/** Decides about a faster tier, once the deadline is at risk; nothing where none is wanted. */
export type Hasten = (leftMs: number) => Promise<ThawTier | undefined>;

/**
 * Asks for what is cold and waits until all of it can be read, for hours or days. Copies that would expire before their turn are
 * extended, and those that have expired are asked for again. When the deadline is at risk, `hasten` decides once about a faster tier.
 */
export async function thaw(
  run: Run<RecoveryStep>,
  data: RestoreData,
  deadlineMs: number,
  hasten?: Hasten,
): Promise<void> {
  const { archive: of, name, objects, days, copyMs, expiryMarginMs } = data;
  const input = { archive: of, name, objects, days, copyMs, expiryMarginMs };
  await run.step('ask for the cold objects', archive.requestThaw, input, asking);
  const startedAt = Date.now();
  let undecided = hasten;
  for (let round = 0; round < mostRounds; round += 1) {
    const spentMs = Date.now() - startedAt;
    const untilRisk = Math.max(minute, deadlineMs - spentMs);
    const untilEnd = Math.max(minute, data.longestMs - spentMs);
    const seen = await run.until('wait until they can be read', archive.awaitThaw, input, {
      everyMs: [minute, 30 * minute],
      deadlineMs: undecided ? Math.min(untilRisk, untilEnd) : untilEnd,
      atDeadline: undecided ? 'answer' : 'park',
      // The first look after a request may come before the store shows it.
      news: ({ cold, expiring }) => cold + expiring > 0,
      profile: 'slow',
    });
    if (!seen || seen.verdict === 'done') return;
    if (seen.after.cold + seen.after.expiring > 0) {
      const title = seen.after.cold > 0 ? 'ask again for what is cold again' : 'extend the copies that expire soon';
      await run.step(title, archive.requestThaw, input, asking);
      continue;
    }
    const tier = await undecided?.(deadlineMs + data.copyMs - spentMs);
    undecided = undefined;
    if (tier === undefined) continue;
    await run.step(`ask for what is late with ${tier}`, archive.requestThaw, { ...input, tier }, asking);
  }
  // Something takes the copies away as fast as they come: the last wait parks with what it sees.
  await run.until('wait until they can be read', archive.awaitThaw, input, {
    everyMs: [minute, 30 * minute],
    deadlineMs: data.longestMs,
    profile: 'slow',
  });
}
