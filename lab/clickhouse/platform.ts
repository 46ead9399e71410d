import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickHouseCluster } from './clickhouse.ts';

/** What a platform file must say for Gantry to run on a ClickHouse cluster of the lab. */
export type LabClickHousePlatform = {
  stateDir: string;
  cluster: ClickHouseCluster;
  /** What the file calls the cluster; what its servers list it as unless given. */
  called?: string;
  /** By full name: what the file says of each. */
  tables: Record<string, Record<string, unknown>>;
  /** Of each node, by name: what the file says of their medium, temperature and size. */
  tiers?: Record<string, { medium: string; temperature: string; size: string }>;
  /** What the file says of the list of shards. */
  membership?: Record<string, unknown>;
  policies?: Record<string, unknown>;
  /** Default: in the state folder. */
  reportFolder?: string;
};

/** Writes `platform-<cluster>.yaml` under the state folder. */
export function writeClickHousePlatform(options: LabClickHousePlatform): { path: string; reportFolder: string } {
  const { stateDir, cluster, called = cluster.name, tables, tiers = {}, policies = {} } = options;
  const membership = called === cluster.name ? options.membership : { name: cluster.name, ...options.membership };
  const { reportFolder = join(stateDir, 'reports') } = options;
  const { host, port } = cluster.zookeeper;
  const platform = {
    version: 1,
    name: 'lab',
    regions: { local: { zones: { 'local-a': { runs: [] } } } },
    zookeeper: { ensembles: { keeper: { region: 'local', nodes: [{ name: 'keeper-1', host, port }] } } },
    clickhouse: {
      clusters: {
        [called]: {
          region: 'local',
          shards: Math.max(...cluster.nodes.map((node) => node.shard)),
          replicas: Math.max(...cluster.nodes.map((node) => node.replica)),
          nodes: cluster.nodes.map(({ name, host: at, tcpPort, httpPort, shard, replica }) => ({
            ...{ name, host: at, port: tcpPort, httpPort, shard, replica },
          })),
          coordination: 'keeper',
          ...{ tables, tiers, membership: membership ?? {} },
        },
      },
    },
    policies,
    reports: { folder: reportFolder },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
  const path = join(stateDir, `platform-${cluster.name}.yaml`);
  writeFileSync(path, `${JSON.stringify(platform, null, 2)}\n`);
  return { path, reportFolder };
}
