import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GantryError } from '../../errors/index.ts';
import type { PayloadStore, Stored } from '../../runs/index.ts';

/** Content read as a whole is evidence, not a list: more than this is a mistake. */
const wholeBytes = 64 * 1024 * 1024;

/**
 * A folder as payload store: `sha256/<2 digits>/<64 digits>`. Whole or not at all, and safely on the disk before anything
 * refers to it. Every worker must see the same folder: what one stored, another reads back to undo it.
 */
export function folderPayloads(folder: string): PayloadStore {
  const root = resolve(folder);
  const pathOf = (sha256: string): string => join(root, 'sha256', sha256.slice(0, 2), sha256);
  async function* read(stored: Stored): AsyncGenerator<Uint8Array> {
    const path = pathOf(checkedDigest(stored));
    const hash = createHash('sha256');
    try {
      for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw unreadable(error, path, stored);
    }
    const sha256 = hash.digest('hex');
    if (sha256 !== stored.sha256) throw damaged(path, stored, sha256);
  }
  return {
    put: async (content, count = 1) => {
      const draft = join(root, 'drafts', `${process.pid}-${randomUUID()}`);
      try {
        await mkdir(dirname(draft), { recursive: true });
        const { sha256, bytes } = await writeDraft(draft, typeof content === 'string' ? [content] : content);
        const path = pathOf(sha256);
        await mkdir(dirname(path), { recursive: true });
        // Over the same content, if it is there already: that also heals one that was damaged.
        await rename(draft, path);
        await syncFolder(dirname(path));
        return { uri: pathToFileURL(path).href, sha256, bytes, count };
      } catch (error) {
        await unlink(draft).catch(() => undefined);
        // What the content itself fails with is not the store's fault: a manifest that cannot be trusted, a body that broke off.
        if (error instanceof GantryError) throw error;
        const cause = error instanceof Error ? error.message : String(error);
        throw new GantryError('PAYLOAD_UNWRITABLE', `the payload store ${root} can't be written: ${cause}`, {
          evidence: { folder: root },
          cause: error,
        });
      }
    },
    get: async (stored) => {
      if (stored.bytes > wholeBytes) {
        throw new GantryError('PAYLOAD_TOO_LARGE', `${stored.uri} has ${stored.bytes} bytes`, { evidence: { stored } });
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of read(stored)) chunks.push(chunk);
      return Buffer.concat(chunks).toString('utf8');
    },
    read,
  };
}

async function writeDraft(
  path: string,
  content: Iterable<string> | AsyncIterable<string | Uint8Array>,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx');
  try {
    for await (const chunk of content) {
      const part = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
      hash.update(part);
      bytes += part.byteLength;
      await file.writeFile(part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** A digest becomes part of a path: nothing else may. */
function checkedDigest(stored: Stored): string {
  if (/^[0-9a-f]{64}$/.test(stored.sha256)) return stored.sha256;
  throw new GantryError('PAYLOAD_MISSING', `"${stored.sha256}" is no SHA-256`, { evidence: { stored } });
}

function unreadable(error: unknown, path: string, stored: Stored): GantryError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? `nothing is at ${path}` : `${path} can't be read: ${message}`;
  return new GantryError('PAYLOAD_MISSING', why, { evidence: { stored, path }, cause: error });
}

function damaged(path: string, stored: Stored, sha256: string): GantryError {
  const message = `${path} has the digest ${sha256.slice(0, 12)}…, not ${stored.sha256.slice(0, 12)}…`;
  return new GantryError('PAYLOAD_DAMAGED', message, { evidence: { stored, path, sha256 } });
}
