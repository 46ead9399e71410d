import { entryOf } from '../../../src/errors/index.ts';
import type { ClickHouseHealth, ClickHouseHealthInput } from '../../../src/runs/index.ts';
import { plainActivity } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import { readHealth } from './read-health.ts';

/**
 * How a cluster stands: every server, and every table of the platform file or one of them. Changes nothing.
 * @throws CLICKHOUSE_UNKNOWN_CLUSTER, CLICKHOUSE_UNKNOWN_TABLE
 */
export function healthActivity({
  clusters,
}: ClickHouseDeps): (input: ClickHouseHealthInput) => Promise<ClickHouseHealth> {
  return plainActivity(async ({ cluster, table }, signal) => {
    const access = await clusters(cluster);
    if (table !== undefined) tableOf(access, table);
    const found = await readHealth(access, signal, table === undefined ? undefined : [table]);
    const checks = found.map(({ code, ...check }) => ({
      ...check,
      ok: code === undefined,
      ...(code === undefined ? {} : { code, hint: entryOf(code).hint }),
    }));
    return { cluster, ok: checks.every(({ ok }) => ok), checks };
  });
}
