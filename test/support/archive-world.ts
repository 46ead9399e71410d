import { createHash, generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { RecoveryAccess, RecoveryDeps, SnapshotTarget } from '../../activities/archive/recovery/access.ts';
import { manifestSigner, writeManifest } from '../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../src/drivers/s3/index.ts';
import type { Archive } from '../../src/platform/index.ts';
import { archives } from '../../src/platform/archive/schema.ts';
import type { BackupObject, ManifestHeader, TotalFigures, TotalSpec } from '../../src/runs/index.ts';
import { archiveKeys, backupIdOf } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { MemoryStore } from './memory-store.ts';
import { memoryStore } from './memory-store.ts';
import type { MemoryServer } from './memory-tables.ts';
import { digestOfRows, memoryServer, rowsBody, totalOfRows } from './memory-tables.ts';
import { memoryPayloads } from './payloads.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const testPublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
export const testSigner = manifestSigner('k1', pem, { k1: testPublicKey });

/** What the platform file would say of the archive `main`. */
export function testArchive(change: Record<string, unknown> = {}): Archive {
  const retrieval = {
    GLACIER: {
      Expedited: { perGB: 0.03, per1000: 10 },
      Standard: { perGB: 0.01, per1000: 0.05 },
      Bulk: { perGB: 0, per1000: 0 },
    },
    DEEP_ARCHIVE: { Standard: { perGB: 0.02, per1000: 0.1 }, Bulk: { perGB: 0.0025, per1000: 0.025 } },
  };
  const { archives: made } = archives.parse({
    archives: {
      main: {
        ...{ bucket: 'backups', region: 'us-east-1' },
        signing: { keyId: 'k1', privateKey: { env: 'KEY' }, publicKeys: { k1: testPublicKey } },
        sources: { clickhouse: [{ cluster: 'metrics' }], redis: [] },
        prices: { storage: { STANDARD: 0.023 }, requests: { put: 0.005, get: 0.0004 }, transferPerGB: 0, retrieval },
        staging: { clickhouse: { url: 'http://staging:8123' }, redis: { host: 'staging' } },
        ...change,
      },
    },
  });
  const main = made['main'];
  if (!main) throw new Error('the archive is missing');
  return main;
}

/** An archive, staging and production in memory. */
export type ArchiveWorld = {
  config: Archive;
  store: MemoryStore;
  staging: MemoryServer;
  production: Record<string, MemoryServer>;
  redis: Record<'staging' | 'production', MemoryRedis>;
  payloads: ReturnType<typeof memoryPayloads>;
  deps: RecoveryDeps;
  now: () => number | Promise<number>;
};

/** `mark`: of which load its epoch is. */
export type MemoryRedis = { keys: number; from: string | undefined; bytes: string; epoch: number; mark?: string };

export type TestTable = { table: string; shard: number; partitions: Record<string, string[]> };

/** Of the day of the backup. */
const snapshotEpoch = 3;

export function archiveWorld(now: () => number | Promise<number> = Date.now, config = testArchive()): ArchiveWorld {
  const store = memoryStore(now);
  const payloads = memoryPayloads();
  const staging = memoryServer();
  const production: Record<string, MemoryServer> = { s1r1: memoryServer(), s1r2: memoryServer(), s2r1: memoryServer() };
  const redis: ArchiveWorld['redis'] = {
    staging: { keys: 0, from: undefined, bytes: '', epoch: 0 },
    production: { keys: 0, from: undefined, bytes: '', epoch: 7 },
  };
  const target = (which: 'staging' | 'production'): SnapshotTarget => ({
    keys: async () => redis[which].keys,
    loadedFrom: async () => redis[which].from,
    follows: async () => undefined,
    flush: async () => void Object.assign(redis[which], { keys: 0, bytes: '' }),
    release: async () => undefined,
    epoch: async () => redis[which].epoch,
    notes: async () => ({}),
    renewedFor: async () => redis[which].mark,
    renew: async (mark, { above }) => void Object.assign(redis[which], { epoch: above + 1, mark }),
    load: async ({ body, replid, renewed }) => {
      let bytes = '';
      for await (const chunk of body()) bytes += Buffer.from(chunk).toString('utf8');
      const keys = bytes.split('\n').filter(Boolean).length;
      const of = renewed
        ? { epoch: Math.max(snapshotEpoch, renewed.above) + 1, mark: replid }
        : { epoch: snapshotEpoch };
      redis[which] = { keys, from: replid, bytes, ...of };
    },
    close: () => undefined,
  });
  const nodes = [
    { name: 's1r1', shard: 1, replica: 1 },
    { name: 's1r2', shard: 1, replica: 2 },
    { name: 's2r1', shard: 2, replica: 1 },
  ].map((one) => ({ ...one, host: one.name, port: 9000, httpPort: 8123 }));
  const world: ArchiveWorld = { config, store, staging, production, redis, payloads, now, deps: undefined as never };
  world.deps = {
    payloads,
    log: createLog('silent'),
    recovery: (): RecoveryAccess => ({
      name: 'main',
      config: world.config,
      agesTo: ['STANDARD_IA', 'GLACIER', 'DEEP_ARCHIVE'],
      // Only the nodes of a cluster are looked at.
      clusters: { metrics: { nodes } as never },
      production: nodes.map(({ name, host, port }) => ({ name, host, port })),
      now: () => world.now(),
      store: () => world.store,
      staging: () => world.staging.open(),
      server: async (_cluster, name) => {
        const found = world.production[name];
        if (!found) throw new Error(`no server ${name}`);
        return found.open();
      },
      stagingRedis: async () => target('staging'),
      primary: async () => target('production'),
      latestEpoch: async () => world.redis.production.epoch,
    }),
  };
  return world;
}

const createQuery = (table: string): string =>
  `CREATE TABLE ${table} (\`row\` String) ENGINE = ReplicatedMergeTree('/t/${table}/{shard}', '{replica}') PARTITION BY row ORDER BY row`;

/** One object of a backup, before it is stored; `name` is its key below the backup's own. */
export type BackupEntry = Pick<BackupObject, 'role' | 'source' | 'encoding'> &
  Pick<Partial<BackupObject>, 'rows' | 'rowDigest' | 'totals' | 'offset'> & { name: string; content: Buffer };

/** Stores objects, and a manifest over them, signed, as `archive.backup` does. Answers its id. */
export async function writeBackup(
  { store, config }: { store: ObjectStore; config: Archive },
  entries: readonly BackupEntry[],
  {
    atMs,
    archive = 'main',
    run = 'test',
    signer = testSigner,
  }: { atMs: number; archive?: string; run?: string; signer?: typeof testSigner },
): Promise<string> {
  const at = new Date(atMs).toISOString();
  const backupId = backupIdOf(atMs, run);
  const keys = archiveKeys(config.prefix);
  const objects: BackupObject[] = [];
  for (const { name, content, ...about } of entries) {
    const bytes = about.encoding === 'gzip' ? gzipSync(content) : content;
    const below = about.role === 'schema' ? keys.metadata : keys.data;
    const stored = await putBytes(store, `${below}${backupId}/${name}`, bytes);
    objects.push({ ...stored, ...about, storageClass: 'STANDARD', backupId, readAt: at });
  }
  const header: ManifestHeader = {
    ...{ format: 'gantry-manifest', version: 1, archive, backupId, createdAt: at, kind: 'full' },
    ...{ fullBackupId: backupId, fullCreatedAt: at, verifiedAt: at },
  };
  const chunks: Uint8Array[] = [];
  const each = async function* () {
    yield* objects;
  };
  for await (const chunk of writeManifest(header, each(), signer)) chunks.push(chunk);
  await putBytes(store, keys.manifest(backupId), Buffer.concat(chunks));
  return backupId;
}

async function putBytes(store: ObjectStore, key: string, bytes: Buffer) {
  const [size, sha256] = [bytes.byteLength, createHash('sha256').update(bytes).digest('hex')];
  const body = async function* ({ start, end }: { start: number; end: number }) {
    yield bytes.subarray(start, end);
  };
  return { ...(await store.put({ key, size, sha256, body })), size, sha256 };
}

/** A backup of tables of the memory's own. */
export async function makeBackup(
  world: ArchiveWorld,
  tables: readonly TestTable[],
  {
    group,
    atMs,
    totals = [],
    totalOf = (rows, { sum, by }) => totalOfRows(rows, sum !== undefined, by.length > 0),
    ...options
  }: {
    group?: string;
    atMs?: number;
    run?: string;
    signer?: typeof testSigner;
    totals?: readonly TotalSpec[];
    /** What the manifest says that the rows add up to. */
    totalOf?: (rows: readonly string[], spec: TotalSpec) => TotalFigures;
  } = {},
): Promise<string> {
  const schema = [...new Set(tables.map(({ table }) => table))].map((table) => {
    const [database = '', name = ''] = table.split('.');
    return { database, name, engine: 'ReplicatedMergeTree', engineFull: '', createQuery: createQuery(table) };
  });
  const entries: BackupEntry[] = [
    {
      ...{
        name: 'schema',
        role: 'schema',
        source: { kind: 'clickhouse-schema', cluster: 'metrics' },
        encoding: 'gzip',
      },
      content: Buffer.from(schema.map((one) => `${JSON.stringify(one)}\n`).join('')),
    },
    ...tables.flatMap(({ table, shard, partitions }) =>
      Object.entries(partitions).map(([partition, rows]): BackupEntry => ({
        ...{ name: `${table}/${shard}/${partition}`, role: 'data', encoding: 'gzip', content: rowsBody(rows) },
        source: { kind: 'clickhouse', cluster: 'metrics', table, partition, shard },
        ...{ rows: rows.length, rowDigest: { ...digestOfRows(rows), final: false } },
        ...(totals.length > 0 ? { totals: totals.map((spec) => ({ ...spec, ...totalOf(rows, spec) })) } : {}),
      })),
    ),
    ...(group ? [snapshotOf(group)] : []),
  ];
  return writeBackup(world, entries, { ...options, atMs: atMs ?? (await world.now()) });
}

function snapshotOf(group: string): BackupEntry {
  return {
    ...{
      name: `${group}.rdb`,
      role: 'redis',
      encoding: 'identity',
      offset: { replid: 'f'.repeat(40), offset: 100 },
    },
    ...{ source: { kind: 'redis', group }, content: Buffer.from('a 1\nb 2\nc 3\n') },
  };
}
