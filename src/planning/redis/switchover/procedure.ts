import type { RedisProcedure } from '../../../runs/index.ts';
import { linkFindings } from '../group/checks.ts';
import type { SeenNode } from '../group/roles.ts';
import type { Finding, GroupIntent, SentinelFacts } from '../group/types.ts';

export type ProcedureChoice = { procedure: RedisProcedure; why: string } | { findings: Finding[] };

/** Gaps without writes, in milliseconds, as measured on loopback with 7.0.15 (a floor, not a promise). */
export const expectedGap: Record<RedisProcedure, { ms: number; words: string }> = {
  fast: { ms: 50, words: 'about 5–50 ms' },
  failover: { ms: 1_000, words: 'about 1 s' },
  sentinel: { ms: 1_500, words: 'about 1–2 s' },
  coordinated: { ms: 1_200, words: 'about 1 s' },
};

/**
 * `fast` (a write pause as a lease, then demote, promote, redirect) unless something speaks against it; else `failover`
 * (the server's own FAILOVER, which gives up by itself). What was asked for is refused if it can't be done.
 */
export function chooseProcedure(
  primary: SeenNode,
  replicas: readonly SeenNode[],
  intent: GroupIntent,
  asked: RedisProcedure | undefined,
  sentinels?: readonly SentinelFacts[],
): ProcedureChoice {
  if (sentinels) return underSentinel(sentinels, asked);
  if (asked === 'sentinel' || asked === 'coordinated') {
    return impossible(`${asked} needs Sentinels: the platform file names none for this group`);
  }
  const against = obstacles(primary, replicas, intent);
  if (asked === 'failover') return { procedure: 'failover', why: 'asked for' };
  if (!against.length) {
    return {
      procedure: 'fast',
      why: asked ? 'asked for' : 'direct path, every replica linked and within the lag limit',
    };
  }
  if (asked === undefined) return { procedure: 'failover', why: against.map(({ message }) => message).join('; ') };
  return {
    findings: against.map(({ message, place }) => ({
      code: 'REDIS_PROCEDURE_IMPOSSIBLE',
      message: `not with the fast procedure: ${message}`,
      ...(place === undefined ? {} : { place }),
    })),
  };
}

/**
 * Under Sentinel the Sentinels have to make the switch: they would fight any other (redis/redis#13118). Plain SENTINEL
 * FAILOVER is never used: the old primary stays writable for about 11 s, and what it takes is lost.
 */
function underSentinel(sentinels: readonly SentinelFacts[], asked: RedisProcedure | undefined): ProcedureChoice {
  if (asked === 'fast' || asked === 'failover') {
    return impossible(`${asked} is never used under Sentinel: the Sentinels would elect another primary afterwards`);
  }
  const without = sentinels.flatMap(({ name, reading }) => (reading?.offersCoordinated ? [] : [name]));
  if (asked === 'sentinel') return { procedure: 'sentinel', why: 'asked for' };
  if (!without.length) {
    const why = asked ? 'asked for' : 'every Sentinel offers SENTINEL FAILOVER … COORDINATED';
    return { procedure: 'coordinated', why };
  }
  const lack = `${without.join(', ')} ${without.length > 1 ? 'do' : 'does'} not offer COORDINATED`;
  return asked === 'coordinated'
    ? impossible(lack)
    : { procedure: 'sentinel', why: `Sentinels watch the group; ${lack}` };
}

function impossible(message: string): ProcedureChoice {
  return { findings: [{ code: 'REDIS_PROCEDURE_IMPOSSIBLE', message, place: 'procedure' }] };
}

/** What speaks against holding writes back and swapping the roles ourselves. */
function obstacles(primary: SeenNode, replicas: readonly SeenNode[], intent: GroupIntent): Finding[] {
  const findings = replicas.flatMap((node) => linkFindings(node, primary, intent.lagLimitBytes));
  if (intent.path === 'direct') return findings;
  const message = 'something unknown stands between clients and Redis (path: proxied)';
  return [{ code: 'REDIS_PROCEDURE_IMPOSSIBLE', message }, ...findings];
}
