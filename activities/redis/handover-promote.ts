import { setTimeout as pause } from 'node:timers/promises';
import type { RedisNode, Replication, RoleChange } from '../../src/drivers/redis/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import { isAbsence } from './access.ts';
import type { Handover } from './handover-session.ts';
import { ours, pollMs } from './handover-session.ts';

/** How long the candidate may take to apply what it has received before its link to the demoted node is seen down. */
const drainMs = 2_000;

export type Demoted = {
  /** Left out by a retry that can't reach it any more but knows where it was demoted. */
  primary?: RedisNode;
  candidate: RedisNode;
  epoch: number;
  /** Offset of the demotion: all that was ever acknowledged under this epoch. */
  offset: number;
  /** The offset that both had under the pause, if it was this attempt that saw it. */
  equalAt?: number;
};

/**
 * Makes the candidate primary, if it has everything that the demoted one had. If it has not (a worker that stalled past
 * its lease let writes in again), the demoted one is promoted back: it alone has them all. Both nodes are replicas with
 * nobody to follow here, so their offsets stand still and every attempt comes to the same decision.
 *
 * @throws HANDOVER_LEASE_SPENT when promoted back, HANDOVER_CANDIDATE_LOST when the candidate can't be asked.
 */
export async function promoteCandidate(given: Handover, demoted: Demoted): Promise<RoleChange> {
  const { candidate, epoch, offset, equalAt } = demoted;
  const ask = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw isAbsence(error) ? candidateLost(given, error) : error;
    }
  };
  if (offset !== equalAt) {
    const seen = await ask(drained(candidate, offset));
    if (seen.role === 'replica' && seen.offset < offset) return takeBack(given, demoted, seen);
  }
  return ask(ours(candidate.promote(epoch)));
}

/** No primary, and the only node that may become one is gone. Promoting the old one back is not proven to be safe. */
export function candidateLost({ data }: Handover, cause?: GantryError): GantryError {
  const [from, to] = [data.primary.name, data.candidate.name];
  const message = `${from} is demoted and ${to} can't be reached; it may have been promoted, so ${from} is not promoted back`;
  return new GantryError('HANDOVER_CANDIDATE_LOST', message, { evidence: { reason: cause?.message } });
}

/** The candidate once it has the offset, or once its link is down and nothing more can come. */
async function drained(candidate: RedisNode, offset: number): Promise<Replication> {
  const deadline = performance.now() + drainMs;
  for (;;) {
    const seen = await candidate.replication();
    if (seen.role === 'primary' || seen.offset >= offset) return seen;
    if (!seen.linkUp) {
      // What had arrived before the link broke is applied by the next look.
      const last = await candidate.replication();
      if (last.offset === seen.offset) return last;
    }
    if (performance.now() > deadline) {
      throw new GantryError('HANDOVER_OVERTAKEN', 'the candidate still follows somebody after the demotion', {
        evidence: { follows: seen.follows, offset: seen.offset, demotedAt: offset },
      });
    }
    // Deaf to the signal: nothing takes writes until this is decided.
    await pause(pollMs);
  }
}

async function takeBack({ data, log }: Handover, demoted: Demoted, seen: Replication): Promise<never> {
  const { primary, epoch, offset } = demoted;
  const evidence = { demotedAt: offset, candidateOffset: seen.offset, missingBytes: offset - seen.offset };
  if (!primary) {
    const message = `${data.candidate.name} lacks ${evidence.missingBytes} bytes that only ${data.primary.name} has, and that can't be reached`;
    throw new GantryError('REDIS_UNREACHABLE', message, { evidence });
  }
  await ours(primary.promote(epoch));
  await primary.unpause();
  // Fences whoever is still about to act on what it saw before.
  await ours(primary.raiseEpoch(epoch));
  log.warn({ group: data.group, ...evidence }, 'handover taken back: the candidate lacked writes');
  const message = `${data.candidate.name} lacked ${evidence.missingBytes} bytes at the demotion; ${data.primary.name} is primary again`;
  throw new GantryError('HANDOVER_LEASE_SPENT', message, { evidence });
}
