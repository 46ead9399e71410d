import { randomUUID } from 'node:crypto';
import { chown, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GantryError } from '../errors/index.ts';
import { readPlatformText } from './load.ts';

/**
 * Replaces the text of the platform file, whole or not at all, if it still says what was read. A link stays, and leads to the new
 * text; owner and permissions stay as well.
 * @throws GantryError PLATFORM_FILE_CHANGED, PLATFORM_UNWRITABLE
 */
export async function replacePlatform(
  path: string,
  { before, after }: { before: string; after: string },
): Promise<void> {
  let draft: string | undefined;
  try {
    const target = await realpath(path);
    const { mode, uid, gid } = await stat(target);
    draft = `${target}.${randomUUID()}.new`;
    const file = await open(draft, 'wx', mode & 0o777);
    try {
      // What `open` gave is narrowed by the umask.
      await file.chmod(mode & 0o777);
      await file.writeFile(after, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    const own = await stat(draft);
    if (own.uid !== uid || own.gid !== gid) await chown(draft, uid, gid);
    // As late as can be: what changes between this look and the next line is lost.
    if (readPlatformText(target) !== before)
      throw new GantryError('PLATFORM_FILE_CHANGED', `${path} was changed by another program meanwhile`, {
        evidence: { path },
      });
    await rename(draft, target);
    draft = undefined;
    const folder = await open(dirname(target), 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (error instanceof GantryError) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new GantryError('PLATFORM_UNWRITABLE', `the platform file ${path} cannot be replaced: ${why}`, {
      evidence: { path },
      cause: error,
    });
  } finally {
    if (draft !== undefined) await unlink(draft).catch(() => undefined);
  }
}
