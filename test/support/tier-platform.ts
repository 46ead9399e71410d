import type { ClickHouseAddress } from '../../lab/clickhouse/client.ts';
import { rollupTables } from './rollups.ts';

/** A server of the lab and where it stands in the cluster. */
export type PlacedServer = ClickHouseAddress & { name: string; shard: number; replica: number };

export type TierPlatformOptions = {
  servers: readonly PlacedServer[];
  /** Its name; `tierCluster` unless given. */
  cluster?: string;
  /** Of the family: another backup, other limits. */
  family?: Record<string, unknown>;
  /** Of the whole file: policies, schedules. */
  rest?: Record<string, unknown>;
  password?: Record<string, unknown>;
};

export const tierCluster = 'metrics';

/** A platform file with the shipped series, as text or object: the seed's tiers and retentions over servers of the lab. */
export function tierPlatform({
  servers,
  cluster = tierCluster,
  family = {},
  rest = {},
  password,
}: TierPlatformOptions): object {
  const shards = Math.max(...servers.map(({ shard }) => shard));
  return {
    version: 1,
    name: 'tier-lab',
    regions: { lab: { zones: { 'lab-a': { runs: [] } } } },
    clickhouse: {
      clusters: {
        [cluster]: {
          region: 'lab',
          shards,
          replicas: servers.length / shards,
          coordination: 'lab',
          ...(password ? { password } : {}),
          // The tests have just written what they look at.
          tables: Object.fromEntries(rollupTables.map((table) => [`metrics.${table}`, { closedAfter: '0s' }])),
          nodes: servers.map(({ name, host, httpPort, shard, replica }) => ({ name, host, httpPort, shard, replica })),
          tiers: {
            nvme: { medium: 'nvme', temperature: 'hot', size: '500GB' },
            ssd: { medium: 'ssd', temperature: 'warm', size: '10TB' },
            hdd: { medium: 'hdd', temperature: 'cold', size: '50TB' },
          },
          retentions: {
            raw: { keep: '7d', tier: 'nvme' },
            'five-minutes': { keep: '30d', tier: 'ssd' },
            hourly: { keep: '365d', tier: 'ssd' },
            daily: { keep: '1095d', tier: 'hdd' },
          },
          families: {
            samples: {
              levels: [
                { table: 'metrics.samples', retention: 'raw', columns: { amount: 'value' } },
                { table: 'metrics.samples_m5', retention: 'five-minutes', count: 'samples' },
                { table: 'metrics.samples_h1', retention: 'hourly', count: 'samples' },
                { table: 'metrics.samples_d1', retention: 'daily', count: 'samples' },
              ],
              sums: ['amount'],
              keys: ['customer', 'resource', 'metric'],
              backup: { kind: 'none', accepted: 'a test' },
              reserve: 0,
              ...family,
            },
          },
        },
      },
    },
    zookeeper: { ensembles: { lab: { region: 'lab', nodes: [{ name: 'z1', host: 'localhost' }] } } },
    ...rest,
  };
}
