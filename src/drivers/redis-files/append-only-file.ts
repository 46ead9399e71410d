import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { GantryError } from '../../errors/index.ts';
import type { RawCommand } from './resp-commands.ts';
import { parseCommands, parseTail } from './resp-commands.ts';

/** As much of the end of the file as is looked at: a failover's loss is seconds of writes, not more. Bytes. */
const enough = 32 * 1024 * 1024;

/**
 * The writes at the end of a node's append-only file, at most 32 MiB and no further back than its last rewrite; Redis 7's
 * folder of files or the one file of 6.2. Reads only.
 * @throws FORENSICS_IMPOSSIBLE when there is none or it can't be read
 */
export async function readAppendOnlyFile(folder: string): Promise<RawCommand[]> {
  const parts = filesOf(folder);
  if (parts.length === 0) throw impossible(`${folder} holds no append-only file`);
  const commands: RawCommand[][] = [];
  let left = enough;
  for (const file of parts.reverse()) {
    if (left <= 0) break;
    const { bytes, whole } = await endOf(file, left);
    left -= bytes.length;
    commands.unshift(whole ? wholeFile(bytes, file) : parseTail(bytes));
  }
  return commands.flat();
}

function wholeFile(bytes: Buffer, file: string): RawCommand[] {
  // The preamble of a 6.2 file that was rewritten is a snapshot, without an order of writes.
  if (bytes.subarray(0, 5).toString('latin1') === 'REDIS') return parseTail(bytes);
  const parsed = parseCommands(bytes);
  if (!parsed) throw impossible(`${file} is not a file of commands`);
  return parsed.commands;
}

async function endOf(file: string, limit: number): Promise<{ bytes: Buffer; whole: boolean }> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, limit);
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, size - length);
    return { bytes, whole: length === size };
  } finally {
    await handle.close();
  }
}

/** The increments, in their order; the base is a snapshot, without an order of writes. */
function filesOf(folder: string): string[] {
  const dir = join(folder, 'appendonlydir');
  const manifest = join(dir, 'appendonly.aof.manifest');
  if (!existsSync(manifest)) {
    const single = join(folder, 'appendonly.aof');
    return existsSync(single) ? [single] : [];
  }
  return readFileSync(manifest, 'utf8')
    .split('\n')
    .map((line) => /^file (\S+) seq (\d+) type i/.exec(line))
    .filter((match) => match !== null)
    .sort((a, b) => Number(a[2]) - Number(b[2]))
    .map((match) => join(dir, match[1] ?? ''));
}

function impossible(why: string): GantryError {
  return new GantryError('FORENSICS_IMPOSSIBLE', why);
}
