import { GantryError } from '../../../src/errors/index.ts';
import type { RedisFailoverData } from '../../../src/planning/redis/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief, isAbsence, withNode } from '../access/access.ts';
import { ageByCandidate } from '../group/candidate-clock.ts';
import { watchLinks } from '../group/links.ts';
import { takesNoWrites } from '../writes/refuse-writes.ts';

/**
 * The decision that the primary is dead, and when its links were looked at for it, by the candidate's own clock: workers have
 * none in common. Milliseconds since the epoch; left out where that was not read.
 */
export type Decided = RedisFailoverData & { decidedAt?: number };

/** So long a decision counts without another look: looking takes time, and clients wait. Milliseconds. */
const decisionHoldsMs = 15_000;

/**
 * Why a primary that was found dead is to be left alone, in words; nothing where the decision is fresh or still holds. A park,
 * a pause or failing attempts may lie between the decision and what follows from it: a primary that has served since has
 * writes that no candidate has. A decision whose age is not known counts as an old one. Whatever answers or hears from it is enough: to decide again needs a majority, to stop doesn't.
 * One that refuses all writes serves nobody: an earlier attempt told it so, and was killed before that was a proof.
 */
export async function aliveAgain(
  data: Decided,
  access: RedisGroupAccess,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { dead } = data;
  const ageMs = await ageByCandidate(access, data, data.decidedAt);
  if (ageMs !== undefined && ageMs < decisionHoldsMs) return undefined;
  const when = ageMs === undefined ? 'earlier' : `${Math.round(ageMs / 1_000)} s ago`;
  const ago = `${dead.name} was found dead ${when}`;
  const [here, links] = await Promise.all([stateHere(access, dead.name), watchLinks(access, dead, signal)]);
  if (here === 'refuses') return undefined;
  const hearing = links.filter(({ state }) => state === 'sees');
  if (hearing.length > 0)
    return `${ago}, and ${hearing.map(({ replica, detail }) => `${replica}: ${detail}`).join('; ')}`;
  return here === 'answers' ? `${ago}, and answers` : undefined;
}

/** An error is an answer too, unless it says that nobody is there yet. */
async function stateHere(access: RedisGroupAccess, name: string): Promise<'answers' | 'refuses' | 'absent'> {
  try {
    return await withNode(
      access,
      name,
      async (node) => ((await takesNoWrites(node)) ? 'refuses' : 'answers'),
      brief(access),
    );
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return isAbsence(error) ? 'absent' : 'answers';
  }
}
