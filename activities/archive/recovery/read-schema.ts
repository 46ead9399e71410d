import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { ObjectStore } from '../../../src/drivers/s3/types.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RestoreObject, RestorePart } from '../../../src/runs/index.ts';
import { tableName } from './access.ts';

const entry = z.looseObject({ database: z.string(), name: z.string(), engine: z.string(), createQuery: z.string() });

/** A table of a cluster as the backup has it. */
export type SchemaEntry = { database: string; name: string; engine: string; engineFull: string; createQuery: string };

/** More than this is no schema. */
const schemaBytes = 64 * 2 ** 20;

/** The bytes of an object, whole and proven. @throws what reading gives */
export async function readWhole(store: ObjectStore, object: RestoreObject, at = object): Promise<Buffer> {
  const { size, sha256, encoding } = object;
  if (size > schemaBytes) throw malformed(object.key, `it has ${size} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(at, { size, sha256 })) chunks.push(chunk);
  if (encoding === 'identity') return Buffer.concat(chunks);
  const opened: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of Readable.from(chunks).pipe(createGunzip()) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > schemaBytes) throw malformed(object.key, 'it is larger than a schema once it is unpacked');
    opened.push(chunk);
  }
  return Buffer.concat(opened);
}

/** The statement that made a table, as the backup has it. @throws ARCHIVE_MANIFEST_MALFORMED where the backup has none */
export async function schemaOf(
  store: ObjectStore,
  objects: AsyncIterable<RestoreObject> | Iterable<RestoreObject>,
  { cluster, table }: Extract<RestorePart, { kind: 'clickhouse' }>,
): Promise<SchemaEntry> {
  const name = tableName(table);
  for await (const object of objects) {
    if (object.source.kind !== 'clickhouse-schema' || object.source.cluster !== cluster) continue;
    for (const one of entriesOf(object.key, await readWhole(store, object)))
      if (one.database === name.database && one.name === name.table) return one;
    throw malformed(object.key, `it has no table ${table}`);
  }
  throw malformed(`the backup`, `it has no schema of ${cluster}`);
}

export async function createQueryOf(...given: Parameters<typeof schemaOf>): Promise<string> {
  return (await schemaOf(...given)).createQuery;
}

/** A list, an object with one, or one entry per line. */
function entriesOf(key: string, content: Buffer): SchemaEntry[] {
  const text = content.toString('utf8');
  let found: unknown[];
  try {
    const whole: unknown = JSON.parse(text);
    found = Array.isArray(whole) ? whole : listIn(whole);
  } catch {
    found = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => parsed(key, line));
  }
  return found.flatMap((one) => {
    const read = entry.safeParse(one);
    if (!read.success) return [];
    const { database, name, engine, createQuery, engineFull } = read.data;
    return [{ database, name, engine, createQuery, engineFull: typeof engineFull === 'string' ? engineFull : engine }];
  });
}

function listIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('createQuery' in value) return [value];
  return Object.values(value).find((one): one is unknown[] => Array.isArray(one)) ?? [];
}

function parsed(key: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw malformed(key, `a line is no JSON: ${line.slice(0, 80)}`);
  }
}

function malformed(key: string, why: string): GantryError {
  return new GantryError('ARCHIVE_MANIFEST_MALFORMED', `${key}: ${why}`, { evidence: { key } });
}
