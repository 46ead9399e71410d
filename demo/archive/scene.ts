import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import type { RunningDiscovery } from '../../lab/discovery/discovery.ts';
import { startDiscovery } from '../../lab/discovery/discovery.ts';
import type { RedisNode } from '../../lab/redis/node.ts';
import { startRedisNode } from '../../lab/redis/node.ts';
import type { RedisGroup } from '../../lab/redis/redis.ts';
import { startRedisGroup } from '../../lab/redis/redis.ts';
import type { LabS3 } from '../../lab/s3/s3.ts';
import { labS3Login, startS3 } from '../../lab/s3/s3.ts';
import type { Stage } from '../stage.ts';

export const bucket = 'backups';
export const prefix = 'gantry/';
export const table = 'usage.events';

/** Production, staging and the object store of the demo. */
export type ArchiveScene = {
  s3: LabS3;
  cluster: ClickHouseCluster;
  redis: RedisGroup;
  /** The node that writes go to. */
  primary: RedisNode;
};

/** Starts all parts beside each other, and the workers over a platform file that archives production in the store. */
export async function openScene(stage: Stage): Promise<ArchiveScene> {
  const { stateDir } = stage;
  const kept = <T extends { stop: () => Promise<void> }>(part: T): T => {
    stage.onClose(() => part.stop());
    return part;
  };
  const [s3, discovery, cluster, staging, redis, stagingRedis] = await Promise.all([
    startS3({ stateDir }).then(kept),
    startDiscovery({ file: join(stateDir, 'discovery.json') }).then(kept),
    startClickHouseCluster({ stateDir, name: 'metrics' }).then(kept),
    startClickHouseCluster({ stateDir, name: 'staging', shards: 1, replicas: 1 }).then(kept),
    startRedisGroup({ stateDir, name: 'sessions', replicas: 1 }).then(kept),
    startRedisNode({ stateDir, group: 'staging', name: 'r1' }).then(kept),
  ]);
  await s3.bucket(bucket);
  const primary = redis.node('r1');
  discovery.set('sessions', addressOf(primary), 0);
  const platformFile = join(stateDir, 'platform.yaml');
  const parts = { s3, discovery, cluster, staging, redis, stagingRedis };
  writeFileSync(platformFile, `${JSON.stringify(platformOf(stage, parts), null, 2)}\n`);
  const env = { DEMO_S3_ID: labS3Login.accessKeyId, DEMO_S3_SECRET: labS3Login.secretAccessKey };
  await stage.startWorkers(platformFile, env, 'archive', ['orchestration', 'archive']);
  return { s3, cluster, redis, primary };
}

type Parts = {
  s3: LabS3;
  discovery: RunningDiscovery;
  cluster: ClickHouseCluster;
  staging: ClickHouseCluster;
  redis: RedisGroup;
  stagingRedis: RedisNode;
};

function platformOf({ stateDir }: Stage, { s3, discovery, cluster, staging, redis, stagingRedis }: Parts): object {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyFile = join(stateDir, 'signing.pem');
  writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const [stagingNode] = staging.nodes;
  return {
    ...{ version: 1, name: 'demo', regions: { 'us-east-1': { zones: { 'us-east-1a': { runs: [] } } } } },
    zookeeper: {
      ensembles: { keeper: { region: 'us-east-1', nodes: [{ name: 'k1', ...addressOf(cluster.zookeeper) }] } },
    },
    clickhouse: {
      clusters: {
        metrics: {
          ...{ region: 'us-east-1', shards: 2, replicas: 2, coordination: 'keeper', tables: { [table]: {} } },
          nodes: cluster.nodes.map(({ name, host, tcpPort: port, httpPort, shard, replica }) => ({
            ...{ name, host, port, httpPort, shard, replica },
          })),
        },
      },
    },
    redis: {
      groups: {
        sessions: {
          region: 'us-east-1',
          nodes: redis.nodes.map((node) => ({ name: node.name, ...addressOf(node) })),
          discovery: { kind: 'http', url: discovery.url },
        },
      },
    },
    storage: {
      buckets: {
        [bucket]: {
          ...{ region: 'us-east-1', purpose: 'backups' },
          ageRules: [
            { after: '30d', to: 'STANDARD_IA' },
            { after: '90d', to: 'GLACIER' },
          ],
        },
      },
    },
    archive: { archives: { main: archiveOf({ s3, keyFile, spki, stagingNode, stagingRedis }) } },
    policies: {
      default: { approval: { people: 0 } },
      // Both approvals are shown: that of the plan, and that of the promotion.
      kinds: { 'archive.restore': { approval: { people: 1, expiresAfter: '1h' } } },
    },
    reports: { folder: resolve('.gantry/demo/reports') },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
}

function archiveOf(given: {
  s3: LabS3;
  keyFile: string;
  spki: string;
  stagingNode: ClickHouseCluster['nodes'][number] | undefined;
  stagingRedis: RedisNode;
}): object {
  const { s3, keyFile, spki, stagingNode, stagingRedis } = given;
  return {
    ...{ bucket, prefix, region: s3.region, endpoint: s3.endpoint, forcePathStyle: true },
    credentials: { accessKeyId: { env: 'DEMO_S3_ID' }, secretAccessKey: { env: 'DEMO_S3_SECRET' } },
    signing: { keyId: 'demo', privateKey: { file: keyFile }, publicKeys: { demo: spki } },
    sources: { clickhouse: [{ cluster: 'metrics' }], redis: ['sessions'] },
    ...{ retention: '30d', restore: { deadline: '8h' } },
    prices: {
      storage: { STANDARD: 0.023, STANDARD_IA: 0.0125, GLACIER: 0.0036 },
      requests: { put: 0.005, get: 0.0004, list: 0.005 },
      transferPerGB: 0,
      retrieval: {
        GLACIER: {
          Expedited: { perGB: 0.03, per1000: 10 },
          Standard: { perGB: 0.01, per1000: 0.05 },
          Bulk: { perGB: 0, per1000: 0 },
        },
      },
    },
    staging: {
      ...(stagingNode ? { clickhouse: { url: `http://${stagingNode.host}:${stagingNode.httpPort}` } } : {}),
      redis: addressOf(stagingRedis),
      // On one machine everything reaches everything: `true` stands for the program that asks the firewall of a real staging.
      closed: { kind: 'command', confirm: ['true'] },
    },
  };
}

const addressOf = ({ host, port }: { host: string; port: number }) => ({ host, port });
