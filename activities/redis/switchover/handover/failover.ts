import { setTimeout as pause } from 'node:timers/promises';
import type { RedisNode, Replication } from '../../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { announce } from '../../roles/announce.ts';
import type { Handover } from './session.ts';
import { epochOf, openAttempt, withBoth } from './session.ts';
import { ours } from '../../access/ours.ts';

/** Between two looks at the FAILOVER. Milliseconds. */
const pollEveryMs = 5;
/** After its own time limit the server still needs a moment to say that it gave up. Milliseconds. */
const graceMs = 2_000;

/**
 * Procedure D: the server's own FAILOVER, never with FORCE: it holds writes, waits for the candidate and swaps the roles,
 * or gives up by itself. About 1 s without writes on 7.0. It demotes on its own, later: until the rewrite right after it
 * a restart of the old primary would make two (redis/redis#8315 is the other edge; the next attempt sees it as `split`).
 * The old primary then follows the address that the candidate announces; it is re-pointed by the platform file's name.
 * A retry attaches to one that is under way.
 *
 * @throws HANDOVER_NOT_EQUAL when it gave up: the old primary goes on, nothing is lost.
 */
export async function handOverByFailover(given: Handover): Promise<void> {
  const { context } = given;
  await withBoth(given, async (primary, candidate) => {
    const startedAt = performance.now();
    const epoch = await start(given, primary, candidate);
    // Started: from here on nothing listens to the signal; the server's own limit bounds it.
    await swapped(given, primary, candidate);
    context.measure('failoverMs', performance.now() - startedAt);
    // Not persisted: the server demotes without writing it down.
    await announce(given, {
      primary,
      candidate,
      epoch: epoch ?? epochOf(given.seen.primary),
      persisted: { primary: false, candidate: false },
    });
    context.measure('controlMs', performance.now() - startedAt);
  });
}

/** Answers the epoch of this attempt, or nothing if a predecessor's FAILOVER is under way. */
async function start(given: Handover, primary: RedisNode, candidate: RedisNode): Promise<number | undefined> {
  const { data } = given;
  const { failoverState } = await primary.replication();
  if (failoverState !== 'no-failover') return undefined;
  const epoch = await openAttempt(given, primary, candidate);
  // FAILOVER knows replicas by the address that they announce, which a name in the platform file need not be.
  await ours(primary.failoverTo(epoch, data.knownAs.candidate, data.handover.failoverTimeoutMs));
  return epoch;
}

async function swapped(given: Handover, primary: RedisNode, candidate: RedisNode): Promise<void> {
  const { failoverTimeoutMs } = given.data.handover;
  const deadline = performance.now() + failoverTimeoutMs + graceMs;
  for (;;) {
    const [old, next] = await Promise.all([primary.replication(), candidate.replication()]);
    if (isSwapped(old, next)) return;
    if (old.failoverState === 'no-failover' && old.role === 'primary') {
      throw new GantryError('HANDOVER_NOT_EQUAL', `FAILOVER gave up: ${given.data.primary.name} is still primary`, {
        evidence: { primaryOffset: old.offset, candidateOffset: next.offset, failoverTimeoutMs },
      });
    }
    if (performance.now() > deadline) {
      throw new GantryError(
        'REDIS_TIMEOUT',
        `FAILOVER is still ${old.failoverState}; the next attempt attaches to it`,
        {
          evidence: { primary: old.role, candidate: next.role },
        },
      );
    }
    await pause(pollEveryMs);
  }
}

function isSwapped(old: Replication, next: Replication): boolean {
  return old.failoverState === 'no-failover' && old.role === 'replica' && next.role === 'primary';
}
