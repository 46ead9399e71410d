import type { RedisNode, RoleChange } from '../../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { wait } from '../../../../src/steps/index.ts';
import { announce } from '../../roles/announce.ts';
import { promoteCandidate, settled, takeBack } from './promote.ts';
import type { Demotion, Handover } from './session.ts';
import { openAttempt, pollMs, withBoth } from './session.ts';
import { ours } from '../../access/ours.ts';

/**
 * Procedure A. The write pause is a lease: if this process dies, it ends by itself and the old primary goes on. Both
 * nodes are never primary together; between the demotion and the promotion neither is. Worst gap measured on loopback
 * with 7.0.15: see bench/.
 *
 * @throws HANDOVER_NOT_EQUAL, HANDOVER_LEASE_SPENT, HANDOVER_OVERTAKEN, HANDOVER_TAKEN_BACK: the old primary goes on,
 *   nothing is lost.
 * @throws HANDOVER_CANDIDATE_LOST: demoted, and the candidate is gone.
 */
export async function handOverFast(given: Handover): Promise<void> {
  const { context } = given;
  await withBoth(given, async (primary, candidate) => {
    const epoch = await openAttempt(given, primary, candidate);
    context.signal.throwIfAborted();

    const { pauseMs, leaseReserveMs } = given.data.handover;
    // Ends before the pause does, by the old primary's own clock: a demotion that comes later is refused by it.
    await primary.grantLease(epoch, pauseMs - leaseReserveMs);
    const pausedAt = performance.now();
    const demoted = await demoteUnderPause(given, primary, candidate, epoch);
    // Demoted: from here on nothing listens to the signal until clients have a primary again.
    context.progress({ demotedAt: demoted.offset, replid: demoted.replid } satisfies Demotion);
    // Somebody may have ended the pause, and a PING counts too: the candidate may lack something.
    if (demoted.offset !== demoted.equalAt) await checkCandidate(given, primary, candidate, epoch, demoted.offset);
    const promoted = await promoteCandidate(given, candidate, epoch);
    context.measure('pausedMs', performance.now() - pausedAt);
    const persisted = { primary: demoted.persisted, candidate: promoted.persisted };
    await announce(given, { primary, candidate, epoch, persisted });
    context.measure('controlMs', performance.now() - pausedAt);
  });
}

/** Holds writes, waits for equal offsets, demotes. On any failure before the demotion writes go on at once. */
async function demoteUnderPause(
  given: Handover,
  primary: RedisNode,
  candidate: RedisNode,
  epoch: number,
): Promise<RoleChange & { equalAt: number }> {
  try {
    await primary.pauseWrites(given.data.handover.pauseMs);
    const equalAt = await equalOffsets(given, primary, candidate);
    return { equalAt, ...(await ours(primary.demote(epoch, given.data.candidate))) };
  } catch (error) {
    // Harmless even if the demotion was carried out and only its answer is missing: a replica refuses writes anyway.
    // If it can't be sent, the lease ends by itself.
    await primary.unpause().catch(() => undefined);
    throw error;
  }
}

/** Lets the candidate apply what it got before its link broke. @throws HANDOVER_TAKEN_BACK if it still lacks something */
async function checkCandidate(
  given: Handover,
  primary: RedisNode,
  candidate: RedisNode,
  epoch: number,
  demotedAt: number,
): Promise<void> {
  const seen = await settled(given, candidate, ({ offset }) => offset >= demotedAt);
  if (seen.role === 'primary' || seen.offset >= demotedAt) return;
  const why = `the candidate lacks ${demotedAt - seen.offset} bytes`;
  await takeBack(given, { primary, candidate, epoch }, seen, why);
}

/** The offset that both have, read from the primary twice. @throws HANDOVER_NOT_EQUAL */
export async function equalOffsets(
  { data, context }: Handover,
  primary: RedisNode,
  candidate: RedisNode,
): Promise<number> {
  const deadline = performance.now() + data.handover.equalityMs;
  let last = -1;
  for (;;) {
    const [written, applied] = await Promise.all([primary.replication(), candidate.replication()]);
    const isLevel = written.offset === applied.offset && written.replid === applied.replid;
    if (isLevel && written.offset === last) return last;
    last = written.offset;
    if (performance.now() > deadline) {
      throw new GantryError(
        'HANDOVER_NOT_EQUAL',
        `${data.candidate.name} is at ${applied.offset}, ${data.primary.name} at ${last}`,
        {
          evidence: { primaryOffset: last, candidateOffset: applied.offset, withinMs: data.handover.equalityMs },
        },
      );
    }
    context.signal.throwIfAborted();
    if (applied.offset !== last) await wait(pollMs, context.signal);
  }
}
