import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GantryError } from '../errors/index.ts';

const digits = 12;
/** So many line numbers share a folder. */
const folderDigits = digits - 4;
const filePattern = /^\d{12}\.jsonl$/;
const folderPattern = /^\d{8}$/;

/** Where the audit of a report store lies. */
export function auditFolder(reportsFolder: string): string {
  return join(reportsFolder, 'audit');
}

/** The file whose first line has this number. */
export function fileAt(folder: string, seq: number): string {
  const name = String(seq).padStart(digits, '0');
  return join(folder, name.slice(0, folderDigits), `${name}.jsonl`);
}

/** Every file of an audit, in order. @throws AUDIT_UNREADABLE */
export async function filesOf(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const part of await namesIn(folder, folderPattern))
    for (const name of await namesIn(join(folder, part), filePattern)) files.push(join(folder, part, name));
  return files;
}

/** The file that was written last; nothing where there is none. @throws AUDIT_UNREADABLE */
export async function lastFile(folder: string): Promise<string | undefined> {
  for (const part of (await namesIn(folder, folderPattern)).reverse()) {
    const name = (await namesIn(join(folder, part), filePattern)).at(-1);
    if (name !== undefined) return join(folder, part, name);
  }
  return undefined;
}

/** The lines of a file; nothing where there is no such file. @throws AUDIT_UNREADABLE */
export async function linesIn(file: string): Promise<string[] | undefined> {
  const text = await orNothing(() => readFile(file, 'utf8'), file);
  return text?.split('\n').filter((line) => line !== '');
}

async function namesIn(folder: string, pattern: RegExp): Promise<string[]> {
  const names = (await orNothing(() => readdir(folder), folder)) ?? [];
  return names.filter((name) => pattern.test(name)).sort();
}

async function orNothing<T>(read: () => Promise<T>, path: string): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    if (reason === 'ENOENT') return undefined;
    throw new GantryError('AUDIT_UNREADABLE', `${path} cannot be read (${reason})`, { evidence: { path, reason } });
  }
}
