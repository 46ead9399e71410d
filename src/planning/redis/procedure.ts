import type { RedisProcedure } from '../../runs/index.ts';
import { linkFindings } from './checks.ts';
import type { SeenNode } from './roles.ts';
import type { Finding, GroupIntent } from './types.ts';

export type ProcedureChoice = { procedure: RedisProcedure; why: string } | { findings: Finding[] };

/** Gaps without writes, in milliseconds, as measured on loopback with 7.0.15 (a floor, not a promise). */
export const expectedGap: Record<RedisProcedure, { ms: number; words: string }> = {
  fast: { ms: 50, words: 'about 5–50 ms' },
  failover: { ms: 1_000, words: 'about 1 s' },
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
): ProcedureChoice {
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

/** What speaks against holding writes back and swapping the roles ourselves. */
function obstacles(primary: SeenNode, replicas: readonly SeenNode[], intent: GroupIntent): Finding[] {
  const findings = replicas.flatMap((node) => linkFindings(node, primary, intent.lagLimitBytes));
  if (intent.path === 'direct') return findings;
  const message = 'something unknown stands between clients and Redis (path: proxied)';
  return [{ code: 'REDIS_PROCEDURE_IMPOSSIBLE', message }, ...findings];
}
