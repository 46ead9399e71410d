import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { judgeServers } from './judge.ts';
import { readServers } from './read.ts';

/** What the gate saw that isn't as it should be, each with its reading. */
export type HealthSeen = { checks: number; unwell: readonly string[] };

/**
 * The gate before the next move: all servers answer, replicas are active and follow, nothing mutates, there is room. A queue
 * that a move has just filled drains by itself, so it is waited for a while.
 */
export const checkHealth = defineStep<{ cluster: string; table: string }, HealthSeen, ClickHouseDeps>({
  name: 'clickhouse.check-health',
  settleMs: 45_000,
  settleEveryMs: 1_000,
  probe: async ({ cluster, table }, { clusters }, { signal }) => {
    const access = await clusters(cluster);
    const checks = judgeServers(access, await readServers(access, [table], signal));
    const bad = checks.filter(({ code }) => code !== undefined);
    const unwell = bad.map(
      ({ code, server, part, reading, threshold }) => `${code}: ${server} ${part}: ${reading} (${threshold})`,
    );
    const seen = { checks: checks.length, unwell };
    const [first] = bad;
    if (first?.code === undefined) return done(seen, `${checks.length} checks, all within their limits`);
    // Only these are not fixed by waiting.
    if (bad.some(({ code }) => code === 'CLICKHOUSE_DISK_LOW' || code === 'CLICKHOUSE_FREE_SPACE_UNKNOWN'))
      return blocked(first.code, seen, unwell.join('; '));
    return todo(seen, unwell.join('; '));
  },
  // Nothing to do but to look again until it is well.
  apply: async () => undefined,
});
