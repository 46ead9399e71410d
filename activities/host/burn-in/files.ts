import type { z } from 'zod';
import type { HostAccess } from '../access/access.ts';
import { readRemoteFile, writeRemoteFile } from '../access/files.ts';

/** A JSON file of Gantry's on the host; nothing where there is none, or where it is not of this form (a former version). */
export async function readJson<T>(
  { ssh }: HostAccess,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const text = await readRemoteFile(ssh, path, { signal });
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. */
export function writeJson({ ssh }: HostAccess, path: string, value: unknown, signal: AbortSignal): Promise<void> {
  return writeRemoteFile(ssh, path, `${JSON.stringify(value)}\n`, { mode: '0600', signal });
}
