import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'gantry-bench-';
const ends: (() => unknown)[] = [];
const folders: string[] = [];

/** Registers what is done when the bench ends, however it ends; last registered, first done. */
export function atEnd(stop: () => unknown): void {
  ends.push(stop);
}

/**
 * A folder of this bench's own, gone when it ends. Its name carries our pid: what a bench that was killed with SIGKILL
 * left (its processes die with it) is removed by the next one.
 */
export function benchFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  folders.push(folder);
  return folder;
}

/** Stops and removes everything registered. What fails to stop is said and doesn't keep the rest from being stopped. */
export async function cleanUp(): Promise<void> {
  for (let stop = ends.pop(); stop; stop = ends.pop()) {
    try {
      await stop();
    } catch (error) {
      process.stderr.write(`something could not be stopped: ${String(error)}\n`);
    }
  }
  removeFolders();
}

function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

// An uncaught error ends the process without `cleanUp`: its processes are tied to ours, its folders are not.
process.once('exit', removeFolders);
