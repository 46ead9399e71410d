import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { through } from '../../../src/drivers/manifest/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ArchiveAccess } from '../access/access.ts';

/** A body on the worker's disk: an object is written with a digest that must be known before its first byte is sent. */
export type Spooled = {
  size: number;
  sha256: string;
  body: (range: { start: number; end: number }) => AsyncIterable<Uint8Array>;
};

/**
 * Spools `content`, compressed or as it is, for as long as `use` runs. `unit` names the run: what a killed attempt of it left
 * is removed by the next.
 * @throws ARCHIVE_SPOOL_FULL, and what `content` throws
 */
export async function spooling<T>(
  access: ArchiveAccess,
  unit: string,
  content: AsyncIterable<Uint8Array>,
  encoding: 'identity' | 'gzip',
  use: (spooled: Spooled) => Promise<T>,
): Promise<T> {
  const folder = folderOf(access);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${prefixOf(unit)}${randomUUID()}`);
  try {
    const { size, sha256 } = await write(
      path,
      encoding === 'gzip' ? through(content, createGzip({ level: 1 })) : content,
    );
    // `end` of a stream is the last byte; an empty range has none.
    const body: Spooled['body'] = ({ start, end }) =>
      end > start ? createReadStream(path, { start, end: end - 1 }) : none();
    return await use({ size, sha256, body });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw full(folder, 'the disk is full');
  } finally {
    await rm(path, { force: true });
  }
}

/** Whether the folder has room, before hours are spent. @throws ARCHIVE_SPOOL_FULL */
export async function roomFor(access: ArchiveAccess, bytes: number): Promise<void> {
  const folder = folderOf(access);
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes) throw full(folder, `${bavail * bsize} bytes are free, and ${bytes} are needed`);
}

/** Removes what killed attempts of this run left. */
export async function clearSpool(access: ArchiveAccess, unit: string): Promise<void> {
  const folder = folderOf(access);
  const left = await readdir(folder).catch(() => []);
  for (const file of left) if (file.startsWith(prefixOf(unit))) await rm(join(folder, file), { force: true });
}

function folderOf({ config }: ArchiveAccess): string {
  return config.transfer.spool ?? join(tmpdir(), 'gantry-spool');
}

function prefixOf(unit: string): string {
  return `${createHash('sha256').update(unit).digest('hex').slice(0, 16)}-`;
}

async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  // Rows of customers: no other user may read them.
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      size += chunk.byteLength;
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return { size, sha256: hash.digest('hex') };
}

async function* none(): AsyncGenerator<Uint8Array> {}

function full(folder: string, why: string): GantryError {
  return new GantryError('ARCHIVE_SPOOL_FULL', `${folder}: ${why}`, { evidence: { folder } });
}
