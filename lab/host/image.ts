import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../../src/errors/index.ts';
import { cacheDir, onPath } from '../programs.ts';

/** What scripts/setup-host-image.sh makes: a test compares. */
export const hostImageVersion = '2';

const script = 'scripts/setup-host-image.sh';

export type HostImage = {
  qemu: string;
  qemuImg: string;
  /** The pair of disks that the system is on; never written, guests have a layer of their own on top. */
  osDisks: readonly [string, string];
};

/**
 * The image in the project's cache; qemu from there (scripts/setup-qemu.sh), else from PATH.
 * @throws GantryError LAB_PART_MISSING
 */
export async function findHostImage(): Promise<HostImage> {
  const newer = join(cacheDir(), 'qemu-bookworm-backports', 'qemu-system-x86_64');
  const qemu = existsSync(newer) ? newer : onPath('qemu-system-x86_64');
  const qemuImg = onPath('qemu-img');
  if (!qemu || !qemuImg) throw missing('qemu-system-x86_64 or qemu-img is not on PATH');
  const root = join(cacheDir(), `host-image-${hostImageVersion}`);
  if (!existsSync(join(root, '.complete'))) throw missing(`not at ${root}`);
  return { qemu, qemuImg, osDisks: [join(root, 'os1.qcow2'), join(root, 'os2.qcow2')] };
}

function missing(why: string): GantryError {
  return new GantryError('LAB_PART_MISSING', `compute host: ${why}. Run: ${script}`, {
    evidence: { part: 'host', why, command: script },
  });
}
