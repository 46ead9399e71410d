import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { clickhouseCall } from '../../lab/clickhouse/client.ts';
import type { ClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import { startDiscovery } from '../../lab/discovery/discovery.ts';
import type { RedisGroup } from '../../lab/redis/redis.ts';
import { startRedisGroup } from '../../lab/redis/redis.ts';
import type { LabS3 } from '../../lab/s3/s3.ts';
import { labS3Login, startS3 } from '../../lab/s3/s3.ts';
import { readManifest, storedObjects } from '../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../src/drivers/s3/index.ts';
import { connectS3 } from '../../src/drivers/s3/index.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import type { BackupObject, ManifestHeader, ManifestTrailer } from '../../src/runs/index.ts';
import { archiveKeys } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { startWorkers } from '../../workers/all.ts';
import type { WorkerSettings } from '../../workers/context.ts';
import { memoryPayloads } from './payloads.ts';
import { removeSoon } from './remove-soon.ts';
import type { TestServer } from './temporal.ts';

export const archivePrefix = 'gantry/';
/** Of the signatures of the rig's backups. */
export const archiveKey = generateKeyPairSync('ed25519');

/** A manifest as anyone would read it. */
export type ReadBackup = { header: ManifestHeader; trailer: ManifestTrailer; objects: BackupObject[]; key: string };

/** A small cluster, a Redis group, an object store, and workers over a platform file that archives the two in the third. */
export type ArchiveRig = {
  readonly s3: LabS3;
  readonly store: ObjectStore;
  readonly cluster: ClickHouseCluster;
  readonly redis: RedisGroup;
  readonly stateDir: string;
  sql(statement: string): Promise<string>;
  /** Starts a run of the archive domain by its workflow type. */
  start(type: string, input?: object): Promise<WorkflowHandle>;
  /** The manifest of a backup, its signature verified; the newest unless named. */
  backup(backupId?: string): Promise<ReadBackup>;
  /** Keys of the versions below a prefix that are no marks of deletion. */
  keys(prefix: string): Promise<string[]>;
  stop(): Promise<void>;
};

export const publicKeyOf = ({ publicKey }: { publicKey: typeof archiveKey.publicKey }): string =>
  (publicKey.export({ format: 'der', type: 'spki' }) as Buffer).toString('base64');

export async function startArchiveRig(
  { address, client }: Pick<TestServer, 'address' | 'client'>,
  options: Pick<WorkerSettings, 'wrapDriver'> & {
    archive?: Record<string, unknown>;
    rest?: Record<string, unknown>;
    /** Of the cluster; `usage.events` unless given. */
    tables?: Record<string, unknown>;
  } = {},
): Promise<ArchiveRig> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-archive-'));
  const [s3, discovery, cluster, redis] = await Promise.all([
    startS3({ stateDir }),
    startDiscovery({ file: join(stateDir, 'discovery.json') }),
    startClickHouseCluster({ stateDir, name: 'metrics', shards: 1, replicas: 1 }),
    startRedisGroup({ stateDir, name: 'sessions', replicas: 1 }),
  ]);
  await s3.bucket('backups');
  discovery.set('sessions', hostPort(redis.node('r1')), 0);
  const [node] = cluster.nodes;
  if (!node) throw new Error('the cluster has a node');
  const keyFile = join(stateDir, 'signing.pem');
  writeFileSync(keyFile, archiveKey.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const profile = { heartbeat: '5s', attempts: 2, firstRetry: '50ms', maxRetry: '100ms' };
  const platform = {
    ...{ version: 1, name: 'lab', regions: { 'us-east-1': { zones: { 'us-east-1a': { runs: [] } } } } },
    zookeeper: {
      ensembles: { keeper: { region: 'us-east-1', nodes: [{ name: 'k1', ...hostPort(cluster.zookeeper) }] } },
    },
    clickhouse: {
      clusters: {
        metrics: {
          ...{ region: 'us-east-1', shards: 1, replicas: 1, coordination: 'keeper' },
          nodes: [
            { name: node.name, host: node.host, port: node.tcpPort, httpPort: node.httpPort, shard: 1, replica: 1 },
          ],
          tables: options.tables ?? { 'usage.events': {} },
        },
      },
    },
    redis: {
      groups: {
        sessions: {
          region: 'us-east-1',
          nodes: redis.nodes.map((one) => ({ name: one.name, ...hostPort(one) })),
          discovery: { kind: 'http', url: discovery.url },
        },
      },
    },
    storage: { buckets: { backups: { region: 'us-east-1', purpose: 'backups' } } },
    archive: {
      archives: {
        main: {
          ...{ bucket: 'backups', region: 'us-east-1', endpoint: s3.endpoint, forcePathStyle: true },
          prefix: archivePrefix,
          credentials: { accessKeyId: { env: 'LAB_S3_ID' }, secretAccessKey: { env: 'LAB_S3_SECRET' } },
          signing: { keyId: 'k1', privateKey: { file: keyFile }, publicKeys: { k1: publicKeyOf(archiveKey) } },
          sources: { clickhouse: [{ cluster: 'metrics' }], redis: ['sessions'] },
          transfer: { spool: join(stateDir, 'spool'), concurrency: 4 },
          ...options.archive,
        },
      },
    },
    policies: {
      default: { approval: { people: 0 }, profiles: { quick: profile, slow: profile, watched: profile } },
    },
    reports: { folder: join(stateDir, 'reports') },
    notify: { file: join(stateDir, 'notices.jsonl') },
    ...options.rest,
  };
  const platformFile = join(stateDir, 'platform.yaml');
  writeFileSync(platformFile, JSON.stringify(platform, null, 2));
  const taskQueue = `archive-${process.pid}`;
  const workers = await startWorkers(
    {
      connection: { address, namespace: 'default', options: { address } },
      ...{ taskQueue, platform: loadPlatform(platformFile), log: createLog('fatal') },
      env: { ...process.env, LAB_S3_ID: labS3Login.accessKeyId, LAB_S3_SECRET: labS3Login.secretAccessKey },
      ...(options.wrapDriver ? { wrapDriver: options.wrapDriver } : {}),
    },
    ['orchestration', 'archive'],
  );
  const { region, endpoint } = s3;
  const store = connectS3({ bucket: 'backups', region, endpoint, forcePathStyle: true }, labS3Login);
  let runs = 0;
  const keys: ArchiveRig['keys'] = async (prefix) => {
    const found: string[] = [];
    for await (const { key, deleteMarker } of store.versions(prefix)) if (!deleteMarker) found.push(key);
    return found;
  };
  return {
    ...{ s3, store, cluster, redis, stateDir, keys },
    sql: (statement) => clickhouseCall(node, statement),
    start: (type, input = {}) =>
      client.workflow.start(type, {
        workflowId: `typed-in-the-ui-${(runs += 1)}`,
        taskQueue,
        args: [{ archive: 'main', ...input }],
      }),
    async backup(backupId) {
      const named = archiveKeys(archivePrefix);
      const found = (await keys(named.manifests)).sort();
      const key = backupId === undefined ? (found.at(-1) ?? 'none') : named.manifest(backupId);
      const id = key.slice(named.manifests.length).replace('.ndjson.gz', '');
      const versionId = (await store.head(key))?.versionId ?? 'none';
      const payloads = memoryPayloads();
      const trust = { archive: 'main', backupId: id, publicKeys: { k1: publicKeyOf(archiveKey) } };
      const read = await readManifest(store.getUnproven({ key, versionId }, 1e8), trust, payloads);
      const objects: BackupObject[] = [];
      for await (const object of storedObjects(payloads, read.objects)) objects.push(object);
      return { header: read.header, trailer: read.trailer, objects, key };
    },
    async stop() {
      store.close();
      await workers.stop();
      await Promise.all([s3.stop(), cluster.stop(), redis.stop(), discovery.stop()]);
      removeSoon(stateDir);
    },
  };
}

const hostPort = ({ host, port }: { host: string; port: number }) => ({ host, port });

/** A folder that a Redis node of the lab starts from, with this snapshot in it. */
export function redisFolder(stateDir: string, group: string, name: string, rdb: Uint8Array): void {
  const folder = join(stateDir, 'redis', `${group}-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'dump.rdb'), rdb);
}

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
