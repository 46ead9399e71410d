import type { RedisObservation } from './failover.ts';

/**
 * Whether too few vantages have spoken to decide over a primary: none of those that did had an answer of it, and the failure domains
 * that call it dead are not more than half of the vantages. `decideDeath` refuses such a failover with REDIS_TOO_FEW_VANTAGES: a
 * test holds the two together. Pure.
 */
export function isUndecided(vantages: readonly string[], observations: readonly RedisObservation[]): boolean {
  const spoken = observations.filter(({ vantage, verdict }) => vantages.includes(vantage) && verdict !== 'unresolved');
  const domains = new Set(spoken.map(({ domain }) => domain));
  return spoken.every(({ verdict }) => verdict === 'dead') && domains.size <= vantages.length / 2;
}
