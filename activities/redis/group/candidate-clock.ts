import { GantryError } from '../../../src/errors/index.ts';
import type { RedisFailoverData } from '../../../src/planning/redis/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief, withNode } from '../access/access.ts';

/**
 * The candidate's own time of day, in milliseconds: the one clock by which the workers of a failover agree how old a decision
 * or a proof is. Undefined if it can't be asked, and then no age is known.
 */
export async function candidateTime(
  access: RedisGroupAccess,
  { candidate }: Pick<RedisFailoverData, 'candidate'>,
): Promise<number | undefined> {
  try {
    return await withNode(access, candidate.name, (node) => node.time(), brief(access));
  } catch (error) {
    if (error instanceof GantryError) return undefined;
    throw error;
  }
}

/** How long ago `mark` was, by the candidate's clock; undefined where that is not known: a negative age is none. */
export async function ageByCandidate(
  access: RedisGroupAccess,
  data: Pick<RedisFailoverData, 'candidate'>,
  mark: number | undefined,
): Promise<number | undefined> {
  const now = mark === undefined ? undefined : await candidateTime(access, data);
  const ageMs = mark === undefined || now === undefined ? -1 : now - mark;
  return ageMs >= 0 ? ageMs : undefined;
}
