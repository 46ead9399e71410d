import type { HealthFinding } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import { judgeServers } from '../servers/judge.ts';
import { readServers } from '../servers/read.ts';

/** Every server of a cluster, and tables of the platform file on it, against the limits of its health. */
export async function readHealth(
  access: ClickHouseClusterAccess,
  signal: AbortSignal,
  tables: readonly string[] = Object.keys(access.config.tables).sort(),
): Promise<readonly HealthFinding[]> {
  return judgeServers(access, await readServers(access, tables, signal));
}
