import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ObjectStore } from '../../../src/drivers/s3/types.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupRowDigest, RestoreObject } from '../../../src/runs/index.ts';
import type { TableServer } from './access.ts';
import { readable } from './objects.ts';

/** Where rows go: a table of a server, filled by one restore alone. */
export type FillTarget = { server: TableServer; database: string; table: string };

/** How an object is read. */
export type FillSource = { store: ObjectStore; prefix: string; name: string };

type PartitionObject = RestoreObject & { source: Extract<RestoreObject['source'], { kind: 'clickhouse' }> };

/** Whether an object holds the rows of a partition. */
export function isPartition(object: RestoreObject): object is PartitionObject {
  return object.source.kind === 'clickhouse';
}

/** How many rows an object holds, as the manifest says. */
export function rowsOf({ rows, rowDigest }: RestoreObject): number | undefined {
  return rows ?? rowDigest?.rows;
}

/**
 * Puts the rows of one object into its partition. What an earlier attempt left of it is dropped first: rows are there once. The
 * digest is compared afterwards, by the server itself.
 * @throws ARCHIVE_ROWS_DIFFER, naming the partition and the object
 */
export async function fillPartition(target: FillTarget, from: FillSource, object: PartitionObject): Promise<number> {
  const { server, database, table } = target;
  const at = { database, table, partitionId: object.source.partition };
  const before = await server.digest({ ...at, final: object.rowDigest?.final ?? false });
  if (before.rows > 0) {
    if (sameRows(object, before)) return 0;
    await server.dropPartition(at, 'own');
  }
  await insert(server, { database, table }, from, object);
  const after = await server.digest({ ...at, final: object.rowDigest?.final ?? false });
  if (sameRows(object, after)) return after.rows;
  throw rowsDiffer(`${database}.${table}`, object, after);
}

/** Whether a partition holds what the manifest says. Without a digest (it took rows while it was read) the number must do. */
export function sameRows(object: RestoreObject, seen: Omit<BackupRowDigest, 'final'>): boolean {
  const { rowDigest } = object;
  if (rowDigest) return rowDigest.rows === seen.rows && rowDigest.sum === seen.sum && rowDigest.xor === seen.xor;
  const rows = rowsOf(object);
  return rows === undefined || rows === seen.rows;
}

export function rowsDiffer(
  where: string,
  { key, source, rowDigest, rows }: RestoreObject,
  seen: Omit<BackupRowDigest, 'final'>,
): GantryError {
  const partition = source.kind === 'clickhouse' ? source.partition : '';
  const wanted = rowDigest ? `${rowDigest.rows} rows, ${rowDigest.sum}/${rowDigest.xor}` : `${rows ?? 'unknown'} rows`;
  const message = `partition ${partition} of ${where} has ${seen.rows} rows, ${seen.sum}/${seen.xor}; the manifest says ${wanted} (${key})`;
  return new GantryError('ARCHIVE_ROWS_DIFFER', message, {
    evidence: { key, partition, wanted: rowDigest ?? rows, seen },
  });
}

/** The error of the source is the cause, whatever the server makes of a body that breaks off. */
async function insert(
  server: TableServer,
  table: { database: string; table: string },
  { store, prefix, name }: FillSource,
  object: RestoreObject,
): Promise<void> {
  const at = await readable(store, prefix, name, object);
  if (!at) throw new GantryError('S3_OBJECT_MISSING', `the copy of ${object.key} is not there`);
  let cause: { error: unknown } | undefined;
  const failed = (error: unknown): void => void (cause ??= { error });
  const source = Readable.from(store.get(at, { size: object.size, sha256: object.sha256 }));
  source.on('error', failed);
  const rows = object.encoding === 'gzip' ? unzipped(source, failed) : source;
  try {
    await server.insertNative(table, rows);
  } catch (error) {
    throw cause ? cause.error : error;
  } finally {
    source.destroy();
    rows.destroy();
  }
  if (cause) throw cause.error;
}

function unzipped(source: Readable, failed: (error: unknown) => void): Readable {
  const gunzip = createGunzip();
  gunzip.on('error', failed);
  source.on('error', (error) => gunzip.destroy(error));
  return source.pipe(gunzip);
}
