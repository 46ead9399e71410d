import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startClickHouseCluster } from '../../../lab/clickhouse/clickhouse.ts';
import type { RunningDiscovery } from '../../../lab/discovery/discovery.ts';
import { startDiscovery } from '../../../lab/discovery/discovery.ts';
import { startRecordingProxy } from '../../../lab/faults/recording-proxy.ts';
import { createEvents, insertBlocks } from '../../../lab/load/clickhouse-events.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import { startRedisNode } from '../../../lab/redis/node.ts';
import { linkUp, startRedisGroup } from '../../../lab/redis/redis.ts';
import { labS3Login, startS3 } from '../../../lab/s3/s3.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { connectS3 } from '../../../src/drivers/s3/index.ts';
import type { BackupEntry } from '../../support/archive-world.ts';
import { testArchive, testPublicKey, writeBackup } from '../../support/archive-world.ts';
import { partitionOf } from '../clickhouse/look.ts';
import { keepsItsLog, sweptPolicy } from '../clickhouse/settings.ts';
import type { Scene } from '../scene.ts';
import type { RestoreScene } from './parts.ts';
import { bucket, days, events, keysOfBackup } from './parts.ts';
import { beginRestore } from './restore-take.ts';

/** For many runs, each of which restores all of the one backup. */
export async function startRestoreScene(stateDir: string, name: string): Promise<Scene> {
  const stops: (() => Promise<void>)[] = [];
  const kept = <T extends { stop: () => Promise<void> }>(part: T): T => {
    stops.push(() => part.stop());
    return part;
  };
  const stop = async (): Promise<void> => void (await Promise.all(stops.map((one) => one())));
  try {
    const [s3, discovery, cluster, group, stagingRedis] = await Promise.all([
      startS3({ stateDir }).then(kept),
      startDiscovery({ file: join(stateDir, 'discovery.json') }).then(kept),
      // Two servers that share nothing but ZooKeeper: the second stands for staging.
      startClickHouseCluster({ stateDir, name, shards: 2, replicas: 1, mergeTree: keepsItsLog }).then(kept),
      startRedisGroup({ stateDir, name, replicas: 1 }).then(kept),
      startRedisNode({ stateDir, group: `${name}-staging`, name: 'r1' }).then(kept),
    ]);
    const [primary, replica] = [group.node('r1'), group.node('r2')];
    const proxy = kept(await startRecordingProxy({ node: 'r1', target: primary, role: 'primary' }));
    // The nodes among themselves know the proxy only, as the platform file does.
    await withRedis(replica, undefined, (client) => client.replicaof(proxy.host, proxy.port));
    await linkUp(replica);
    const [production, staging] = [cluster.node('s1r1'), cluster.node('s2r1')];
    const scene: RestoreScene = { name, s3, production, staging, primary, proxy, replica, stagingRedis };
    discovery.set(name, { host: proxy.host, port: proxy.port }, 0);
    await s3.bucket(bucket);
    await s3.thawAfter(0);
    await writeOneBackup(scene);
    const platformFile = join(stateDir, 'platform.yaml');
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(
      platformFile,
      JSON.stringify(platformOf(stateDir, scene, { discovery, zookeeper: cluster.zookeeper })),
    );
    return {
      workflowType: 'archiveRestore',
      platformFile,
      env: {
        GANTRY_STATE_DIR: join(stateDir, 'workers'),
        ...{ SWEEP_S3_ID: labS3Login.accessKeyId, SWEEP_S3_SECRET: labS3Login.secretAccessKey, SWEEP_KEY: 'none' },
      },
      // Two kinds of server, an object store and five workers share the machine; a look that comes early waits for a minute.
      patienceMs: 150_000,
      approves: true,
      begin: () => beginRestore(scene),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Two days of a table and the keys of a group, as `archive.backup` would write them. */
async function writeOneBackup({ name, s3, production, primary }: RestoreScene): Promise<void> {
  await createEvents([production], { cluster: name, ...events });
  for (const day of days) await insertBlocks(production, events, { day, firstBlock: 0, blocks: 2 });
  const node = await connectClickHouse({ host: production.host, port: production.httpPort });
  const entries: BackupEntry[] = [];
  try {
    const schema = (await node.objects()).filter((one) => one.database === events.database);
    entries.push({
      ...{ name: 'schema', role: 'schema', encoding: 'gzip', source: { kind: 'clickhouse-schema', cluster: name } },
      content: Buffer.from(schema.map((one) => `${JSON.stringify(one)}\n`).join('')),
    });
    for (const day of days) {
      const partition = partitionOf(day);
      const of = { ...events, partitionId: partition };
      const rowDigest = { ...(await node.digest({ ...of, final: false })), final: false };
      const chunks: Uint8Array[] = [];
      for await (const chunk of await node.exportPartition(of)) chunks.push(chunk);
      const table = `${events.database}.${events.table}`;
      entries.push({
        ...{ name: `${table}/1/${partition}`, role: 'data', encoding: 'gzip', content: Buffer.concat(chunks) },
        source: { kind: 'clickhouse', cluster: name, table, partition, shard: 1 },
        ...{ rows: rowDigest.rows, rowDigest },
      });
    }
  } finally {
    await node.close();
  }
  const rdb = await withRedis(primary, undefined, async (client) => {
    await client.mset(Object.fromEntries(Array.from({ length: keysOfBackup }, (_, at) => [`session:${at}`, `${at}`])));
    await client.save();
    return readFileSync(join(primary.dir, 'dump.rdb'));
  });
  entries.push({
    ...{ name: 'sessions.rdb', role: 'redis', encoding: 'identity', content: rdb },
    ...{ source: { kind: 'redis', group: name }, offset: { replid: 'f'.repeat(40), offset: 100 } },
  });
  const { endpoint, region } = s3;
  const store = connectS3({ bucket, region, endpoint, forcePathStyle: true }, labS3Login);
  try {
    await writeBackup({ store, config: testArchive() }, entries, { atMs: Date.now(), archive: name });
  } finally {
    store.close();
  }
}

function platformOf(
  stateDir: string,
  scene: RestoreScene,
  { discovery, zookeeper }: { discovery: RunningDiscovery; zookeeper: { host: string; port: number } },
): object {
  const { name, s3, production, staging, proxy, replica, stagingRedis } = scene;
  const addressOf = ({ host, port }: { host: string; port: number }) => ({ host, port });
  return {
    ...{ version: 1, name: 'lab', regions: { 'us-east-1': { zones: { 'us-east-1a': { runs: [] } } } } },
    zookeeper: { ensembles: { keeper: { region: 'us-east-1', nodes: [{ name: 'k1', ...addressOf(zookeeper) }] } } },
    clickhouse: {
      clusters: {
        [name]: {
          ...{ region: 'us-east-1', shards: 1, replicas: 1, coordination: 'keeper' },
          tables: { [`${events.database}.${events.table}`]: {} },
          nodes: [
            {
              ...{ name: production.name, host: production.host, port: production.tcpPort },
              ...{ httpPort: production.httpPort, shard: 1, replica: 1 },
            },
          ],
        },
      },
    },
    redis: {
      groups: {
        [name]: {
          region: 'us-east-1',
          nodes: [
            { name: 'r1', ...addressOf(proxy) },
            { name: 'r2', ...addressOf(replica) },
          ],
          discovery: { kind: 'http', url: discovery.url },
        },
      },
    },
    storage: { buckets: { [bucket]: { region: 'us-east-1', purpose: 'backups' } } },
    archive: {
      archives: {
        [name]: {
          ...{ bucket, region: s3.region, endpoint: s3.endpoint, forcePathStyle: true },
          credentials: { accessKeyId: { env: 'SWEEP_S3_ID' }, secretAccessKey: { env: 'SWEEP_S3_SECRET' } },
          signing: { keyId: 'k1', privateKey: { env: 'SWEEP_KEY' }, publicKeys: { k1: testPublicKey } },
          sources: { clickhouse: [{ cluster: name }], redis: [name] },
          staging: {
            clickhouse: { url: `http://${staging.host}:${staging.httpPort}` },
            redis: addressOf(stagingRedis),
            // On one machine everything reaches everything.
            closed: { kind: 'command', confirm: ['true'] },
          },
        },
      },
    },
    policies: { default: sweptPolicy },
    reports: { folder: join(stateDir, 'reports') },
    notify: { file: join(stateDir, 'notices.jsonl') },
  };
}
