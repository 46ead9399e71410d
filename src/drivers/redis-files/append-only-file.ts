import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../errors/index.ts';
import type { RawCommand } from './resp-commands.ts';
import { parseCommands } from './resp-commands.ts';

/**
 * The writes at the end of a node's append-only file, as far back as its last rewrite; Redis 7's folder of files or the one
 * file of 6.2. Reads only.
 * @throws FORENSICS_IMPOSSIBLE when there is none or it can't be read
 */
export function readAppendOnlyFile(folder: string): RawCommand[] {
  const parts = filesOf(folder);
  if (parts.length === 0) throw impossible(`${folder} holds no append-only file`);
  return parts.flatMap((file) => {
    const bytes = readFileSync(file);
    const parsed = parseCommands(bytes, bytes.subarray(0, 5).toString('latin1') === 'REDIS' ? bytes.length : 0);
    if (!parsed) throw impossible(`${file} is not a file of commands`);
    return parsed.commands;
  });
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
