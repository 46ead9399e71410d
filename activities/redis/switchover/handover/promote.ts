import { setTimeout as pause } from 'node:timers/promises';
import type { RedisNode, Replication, RoleChange } from '../../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { isAbsence } from '../../access/access.ts';
import type { Handover } from './session.ts';
import { pollMs } from './session.ts';
import { ours } from '../../access/ours.ts';

/** How long the candidate may take to apply what it has received before its link to the demoted node is seen down. */
const drainMs = 2_000;

/** Makes the candidate primary. @throws HANDOVER_CANDIDATE_LOST, HANDOVER_OVERTAKEN */
export function promoteCandidate(given: Handover, candidate: RedisNode, epoch: number): Promise<RoleChange> {
  return orLost(given, ours(candidate.promote(epoch)));
}

/**
 * The candidate once it has enough, or once its link is down and nothing more can come. A demoted node keeps its replicas
 * (7.0.15) and sends what it still owes them. Deaf to the signal: nothing takes writes until this is decided.
 *
 * @throws HANDOVER_CANDIDATE_LOST; HANDOVER_DRAINING if it still receives: to decide then could be overtaken
 */
export async function settled(
  given: Handover,
  candidate: RedisNode,
  hasEnough: (seen: Replication) => boolean,
): Promise<Replication> {
  const deadline = performance.now() + drainMs;
  for (let last = -1; ; await pause(pollMs)) {
    const seen = await orLost(given, candidate.replication());
    // Twice the same: what had arrived before the link broke is applied.
    if (seen.role === 'primary' || hasEnough(seen) || (!seen.linkUp && seen.offset === last)) return seen;
    last = seen.linkUp ? -1 : seen.offset;
    if (performance.now() > deadline) {
      throw new GantryError('HANDOVER_DRAINING', `${given.data.candidate.name} still receives what it lacks`, {
        evidence: { follows: seen.follows, offset: seen.offset },
      });
    }
  }
}

/**
 * Promotes the demoted node back: it has writes that the candidate lacks. Other attempts lose their connection to the
 * candidate first, and it is looked at once more, so that nobody promotes it on what was true before.
 * @throws HANDOVER_TAKEN_BACK always, unless something stands in the way
 */
export async function takeBack(
  given: Handover,
  { primary, candidate, epoch }: { primary: RedisNode; candidate: RedisNode; epoch: number },
  seen: Replication,
  why: string,
): Promise<never> {
  const { data, log } = given;
  await orLost(given, candidate.killNormalClients());
  const again = await orLost(given, candidate.replication());
  if (again.role === 'primary' || again.linkUp || again.offset !== seen.offset) {
    throw new GantryError('HANDOVER_DRAINING', `${data.candidate.name} moves again`, { evidence: { seen, again } });
  }
  await ours(primary.promote(epoch));
  await primary.unpause();
  try {
    // Fences whoever still acts on what it saw before.
    await ours(primary.raiseEpoch(epoch));
  } catch (error) {
    // The candidate may need a second to link again; the next attempt raises the epoch anyway.
    if (!(error instanceof GantryError) || error.code !== 'REDIS_NOT_ENOUGH_REPLICAS') throw error;
  }
  log.warn({ group: data.group, why }, 'handover taken back');
  throw new GantryError('HANDOVER_TAKEN_BACK', `${data.primary.name} is primary again: ${why}`, { evidence: { why } });
}

/** No primary, and the only node that may become one is gone. Promoting the old one back is not proven to be safe. */
export function candidateLost({ data }: Handover, cause?: GantryError): GantryError {
  const [from, to] = [data.primary.name, data.candidate.name];
  const message = `${from} is demoted and ${to} can't be reached; it may have been promoted, so ${from} is not promoted back`;
  return new GantryError('HANDOVER_CANDIDATE_LOST', message, { evidence: { reason: cause?.message } });
}

async function orLost<T>(given: Handover, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw isAbsence(error) ? candidateLost(given, error) : error;
  }
}
