import type { ClickHouseClusterHealth } from '../../../src/runs/index.ts';
import { storeHealth } from '../../../src/runs/index.ts';
import { defineStep, done, todo, unknown } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { readHealth } from './read-health.ts';

/**
 * A gate: whether a cluster is within the limits of `clickhouse health`, every table of the platform file on every server. Servers that
 * do not answer leave it inconclusive where nothing else is wrong.
 */
export const clusterHealthy = defineStep<{ cluster: string }, ClickHouseClusterHealth, ClickHouseDeps>({
  name: 'clickhouse.cluster-healthy',
  probe: async ({ cluster }, { clusters }, { signal }) => {
    const checks = await readHealth(await clusters(cluster), signal);
    const wrong = checks.flatMap(({ code, part, server, table, reading, threshold }) => {
      if (code === undefined) return [];
      const at = table === undefined ? server : `${server}, ${table}`;
      return [{ code, message: `${part}: ${reading}; accepted: ${threshold}`, at, silent: part === 'server' }];
    });
    const seen = { ...storeHealth(wrong), checks: checks.length };
    const { problems, words } = seen;
    if (problems === 0) return done(seen, `${cluster}: ${checks.length} checks within their limits`);
    return (wrong.every(({ silent }) => silent) ? unknown : todo)(seen, `${cluster}: ${words}`);
  },
});
