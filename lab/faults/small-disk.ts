import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GantryError } from '../../src/errors/index.ts';

const run = promisify(execFile);

export type SmallDisk = {
  readonly path: string;
  /** Takes all room that is left; every write fails with ENOSPC then. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  /** Unmounts it; what still uses it must have ended. */
  stop(): Promise<void>;
};

/** Whether this user may mount. @throws GantryError LAB_PART_MISSING */
export async function findSmallDisk(): Promise<void> {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new GantryError('LAB_PART_MISSING', 'a small disk: mounting one needs root on Linux');
}

/**
 * A file system in memory that is full soon.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function mountSmallDisk(path: string, bytes: number): Promise<SmallDisk> {
  await findSmallDisk();
  mkdirSync(path, { recursive: true });
  await mounting('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'gantry-small-disk', path]);
  const ballast = join(path, '.ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'w');
      const piece = Buffer.alloc(64 << 10);
      try {
        for (;;) writeSync(file, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    stop: () => mounting('umount', [path]),
  };
}

async function mounting(program: string, args: readonly string[]): Promise<void> {
  try {
    await run(program, [...args], { timeout: 10_000 });
  } catch (error) {
    throw new GantryError('LAB_PART_FAILED', `${program} ${args.join(' ')}: ${String(error)}`);
  }
}
