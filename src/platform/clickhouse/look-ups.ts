import { GantryError } from '../../errors/index.ts';
import type { ClickHouseCluster } from './schema.ts';
import type { ClickHouseTable } from './table-schema.ts';
import type { Platform } from '../schema/platform.ts';

/**
 * The ClickHouse cluster called `name`.
 * @throws GantryError CLICKHOUSE_UNKNOWN_CLUSTER, naming the clusters that there are.
 */
export function clickhouseCluster(platform: Platform, name: string): ClickHouseCluster {
  const { clusters } = platform.clickhouse;
  const cluster = Object.hasOwn(clusters, name) ? clusters[name] : undefined;
  if (cluster) return cluster;
  throw new GantryError('CLICKHOUSE_UNKNOWN_CLUSTER', `no ClickHouse cluster is called ${name}; ${known(clusters)}`, {
    evidence: { cluster: name },
  });
}

/**
 * What the file says of a table, by its full name (`usage.events`).
 * @throws GantryError CLICKHOUSE_UNKNOWN_TABLE, naming the tables that there are; CLICKHOUSE_UNKNOWN_CLUSTER
 */
export function clickhouseTable(platform: Platform, cluster: string, name: string): ClickHouseTable {
  const { tables } = clickhouseCluster(platform, cluster);
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  if (table) return table;
  const message = `the cluster ${cluster} has no table ${name} that Gantry may touch; ${known(tables)}`;
  throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', message, { evidence: { cluster, table: name } });
}

function known(map: object): string {
  const names = Object.keys(map).sort();
  return names.length === 0 ? 'the platform file has none' : `known: ${names.join(', ')}`;
}
