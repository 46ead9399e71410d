import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import type { TableServer } from '../../activities/archive/recovery/access.ts';
import { freePort } from '../../lab/ports.ts';
import { startProcess } from '../../lab/process.ts';
import { runsWorker } from '../../lab/run-typescript.ts';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { ObjectStore, S3Endpoint } from '../../src/drivers/s3/index.ts';
import { connectS3 } from '../../src/drivers/s3/index.ts';
import type { BackupRowDigest } from '../../src/runs/index.ts';
import { archiveKeys, defaultPolicy } from '../../src/runs/index.ts';
import type { BackupEntry } from '../../test/support/archive-world.ts';
import { archiveWorld, writeBackup } from '../../test/support/archive-world.ts';
import type { ArchiveHarness } from '../../test/workflows/archive/harness.ts';
import { startArchiveHarness } from '../../test/workflows/archive/harness.ts';
import { createWorld, testPolicy } from '../../test/workflows/run/world.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { atEnd, benchFolder } from '../cleanup.ts';

export const login = { accessKeyId: 'bench', secretAccessKey: 'bench' } as const;
const serverMain = fileURLToPath(new URL('./object-server.ts', import.meta.url));
const table = { cluster: 'metrics', table: 'metrics.samples', shard: 1 } as const;

/** The store, a backup in it, and the real workflows and steps over both. */
export type RestoreStage = { at: S3Endpoint; store: ObjectStore; keys: readonly string[]; harness: ArchiveHarness };

/** Starts everything, and writes one backup of so many partitions of so many random bytes. `linkMbPerS`: what the store's link carries; 0 for no bound. */
export async function openRestoreStage(objects: number, bytes: number, linkMbPerS: number): Promise<RestoreStage> {
  const stateDir = benchFolder();
  const world = archiveWorld();
  const port = await freePort();
  const { data } = archiveKeys(world.config.prefix);
  const server = await startProcess({
    ...{ stateDir, name: 'object-server', part: 's3', command: process.execPath, ports: [port] },
    args: [...runsWorker, serverMain, String(port), data, String(linkMbPerS)],
    ready: async () => (await fetch(`http://127.0.0.1:${port}/backups?versioning`)).ok,
  });
  atEnd(() => server.kill());
  const at = { bucket: 'backups', region: 'us-east-1', endpoint: `http://127.0.0.1:${port}`, forcePathStyle: true };
  const store = connectS3(at, login);
  atEnd(() => store.close());
  const entries = Array.from({ length: objects }, (_, number) => partition(number, bytes));
  await writeBackup({ store, config: world.config }, [schema(), ...entries], { atMs: Date.now() });
  const staging = swallowing(await world.staging.open(), entries);
  const { deps } = world;
  world.deps = {
    ...deps,
    recovery: async (archive) => ({
      ...(await deps.recovery(archive)),
      store: (options) => connectS3(at, login, options),
      staging: async () => staging,
    }),
  };
  const keys: string[] = [];
  for await (const { key } of store.versions(data)) keys.push(key);
  return { at, store, keys, harness: await startHarness(stateDir, world) };
}

async function startHarness(stateDir: string, world: ReturnType<typeof archiveWorld>): Promise<ArchiveHarness> {
  const temporal = await startTemporal({ stateDir, dbFile: join(stateDir, 'temporal.db') });
  const { address } = temporal;
  atEnd(() => temporal.stop());
  const connection = await Connection.connect({ address });
  atEnd(() => connection.close());
  await registerSearchAttributes(connection, 'default');
  const native = await NativeConnection.connect({ address });
  atEnd(() => native.close());
  // An installation's own limits: those of the tests end a step that reads 3 GB, and the drill would park.
  const engine = createWorld({ policy: testPolicy({ profiles: defaultPolicy.profiles }) });
  const harness = await startArchiveHarness({ client: new Client({ connection }), native }, engine, {
    now: world,
  });
  atEnd(() => harness.stop());
  return harness;
}

/** Not packed: what the server takes and gives is what counts. */
function partition(number: number, bytes: number): BackupEntry & { rowDigest: BackupRowDigest } {
  const content = randomBytes(bytes);
  const sum = String(createHash('sha256').update(content.subarray(0, 64)).digest().readBigUInt64LE(0));
  const name = `p${String(number).padStart(4, '0')}`;
  return {
    ...{ name: `samples/1/${name}`, role: 'data', encoding: 'identity', content },
    source: { kind: 'clickhouse', partition: name, ...table },
    ...{ rows: 1_000, rowDigest: { rows: 1_000, sum, xor: sum, final: false } },
  };
}

function schema(): BackupEntry {
  const [database = '', name = ''] = table.table.split('.');
  const createQuery = `CREATE TABLE ${table.table} (\`row\` String) ENGINE = ReplicatedMergeTree('/t', '{replica}') PARTITION BY row ORDER BY row`;
  const line = JSON.stringify({ database, name, engine: 'ReplicatedMergeTree', engineFull: '', createQuery });
  return {
    ...{ name: 'schema', role: 'schema', encoding: 'gzip', content: Buffer.from(`${line}\n`) },
    source: { kind: 'clickhouse-schema', cluster: table.cluster },
  };
}

/** A staging server that reads rows to their end and keeps none: what it would take to store them is another bench's. */
function swallowing(server: TableServer, entries: readonly ReturnType<typeof partition>[]): TableServer {
  const wanted = new Map(
    entries.map(({ source, rowDigest }) => [source.kind === 'clickhouse' ? source.partition : '', rowDigest]),
  );
  const none = { rows: 0, sum: '0', xor: '0' };
  const loaded = new Set<string>();
  // A restore asks for the digest of a partition right before it fills it, one after the other.
  let asked = '';
  return {
    ...server,
    digest: async ({ partitionId }) => {
      asked = partitionId;
      return loaded.has(partitionId) ? (wanted.get(partitionId) ?? none) : none;
    },
    insertNative: async (_name, rows) => {
      for await (const chunk of rows as AsyncIterable<Buffer>) void chunk.byteLength;
      loaded.add(asked);
    },
    partitions: async () =>
      [...loaded].map((partitionId) => ({
        ...{ partitionId, partition: partitionId, parts: 1, rows: 1_000, bytes: 1_000 },
        ...{ minTimeSeconds: 0, maxTimeSeconds: 0, ageSeconds: 1, maxBlock: 1 },
      })),
    dropDatabase: async (name) => {
      loaded.clear();
      await server.dropDatabase(name);
    },
  };
}
