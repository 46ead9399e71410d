import type { RedisLinkObservation, RedisObservation } from '../../../runs/index.ts';
import type { Finding } from '../group/types.ts';

/** Dead, or what speaks against it. */
export type DeathDecision = { dead: true; why: string } | { dead: false; finding: Finding };

/**
 * Observations and links → whether a primary counts as dead. It does only if more than half of the configured vantages, each in
 * a failure domain of its own, say so, and no replica hears from it. A node that is loading, busy, or that refuses a
 * password or a write, has answered: it is not dead. A vantage that says nothing, or can't resolve its name, speaks for
 * neither side. Pure.
 */
export function decideDeath(
  primary: string,
  vantages: readonly string[],
  observations: readonly RedisObservation[],
  links: readonly RedisLinkObservation[],
): DeathDecision {
  const domains = votesByDomain(
    observations.filter(({ vantage, verdict }) => vantages.includes(vantage) && verdict !== 'unresolved'),
  );
  const dead = domains.filter((votes) => votes.every(({ verdict }) => verdict === 'dead'));
  const others = domains.filter((votes) => !dead.includes(votes)).flat();
  const needed = Math.floor(vantages.length / 2) + 1;
  if (dead.length < needed) {
    const answers = others.filter(({ verdict }) => verdict !== 'dead');
    const said = answers.map(({ vantage, verdict, detail }) => `${vantage}: ${verdict} (${detail})`);
    if (answers.length > 0) {
      return not('REDIS_PRIMARY_ALIVE', `${primary} is not dead for a majority of the vantages: ${said.join('; ')}`);
    }
    const places = `${dead.length} of the ${needed} failure domains that are needed (of ${vantages.length} vantages)`;
    return not('REDIS_TOO_FEW_VANTAGES', `${primary} is dead as seen from ${places}; the others gave no observation`);
  }
  const hearing = links.filter(({ state }) => state === 'sees');
  if (hearing.length > 0) {
    const words = hearing.map(({ replica, detail }) => `${replica}: ${detail}`).join('; ');
    return not(
      'REDIS_PRIMARY_UNREACHABLE_FROM_HERE',
      `${primary} can't be reached from the vantages, but its replicas hear from it (${words}): the network is at fault`,
    );
  }
  const replicas = links.map(({ replica, state }) => `${replica} ${state}`).join(', ') || 'there are none';
  return {
    dead: true,
    why: `${dead.length} of ${vantages.length} vantages say dead (${needed} needed); replica links: ${replicas}`,
  };

  function not(code: Finding['code'], message: string): DeathDecision {
    return { dead: false, finding: { code, message, place: primary } };
  }
}

/** Several observations of one failure domain are one vote: it says dead only if all of them do. */
function votesByDomain(observations: readonly RedisObservation[]): RedisObservation[][] {
  const byDomain = new Map<string, RedisObservation[]>();
  for (const observation of observations)
    byDomain.set(observation.domain, [...(byDomain.get(observation.domain) ?? []), observation]);
  return [...byDomain.values()];
}
