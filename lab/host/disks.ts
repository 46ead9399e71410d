import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HostImage } from './image.ts';

const execute = promisify(execFile);

/** As disks of these sizes are sold (IDEMA LBA1-03). */
const dataBytes = 4_000_787_030_016;

export type HostDisk = {
  /** What `/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_<serial>` carries. */
  readonly serial: string;
  readonly role: 'os' | 'data';
  /** On this machine: sparse, or a layer over the image. */
  readonly file: string;
};

/** The name under which a host's udev shows a disk. */
export function byId({ serial }: Pick<HostDisk, 'serial'>): string {
  return `/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_${serial}`;
}

/** The platform's set: two disks of 1 TB that the system is on, four of 4 TB for virtual machines. */
export function hostDisks(dir: string, serial: string): readonly HostDisk[] {
  const disk = (role: HostDisk['role'], number: number): HostDisk => {
    const own = `${serial}-${role.toUpperCase()}${number}`;
    return { serial: own, role, file: join(dir, `${own}.${role === 'os' ? 'qcow2' : 'raw'}`) };
  };
  return [disk('os', 1), disk('os', 2), disk('data', 1), disk('data', 2), disk('data', 3), disk('data', 4)];
}

/** Makes a disk as it comes: the system's as the installer left it, the others blank. What was on it is gone. */
export async function makeDisk(disk: HostDisk, image: HostImage): Promise<void> {
  rmSync(disk.file, { force: true });
  if (disk.role === 'os') {
    const base = image.osDisks[disk.serial.endsWith('1') ? 0 : 1];
    await execute(image.qemuImg, ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', disk.file]);
    return;
  }
  const file = openSync(disk.file, 'wx');
  ftruncateSync(file, dataBytes);
  closeSync(file);
}

/** qemu's block device of a disk: what is trimmed in the guest is a hole in the file, what is flushed is on this disk. */
export function blockDevice({ serial, role, file }: HostDisk): Record<string, unknown> {
  return {
    'node-name': node({ serial }),
    driver: role === 'os' ? 'qcow2' : 'raw',
    discard: 'unmap',
    'detect-zeroes': 'unmap',
    file: { driver: 'file', filename: file, discard: 'unmap' },
  };
}

/** The NVMe controller on top of it. Each has a slot of its own, out of which it can be pulled. */
export function nvmeDevice(disk: HostDisk, slot: number): Record<string, unknown> {
  return {
    driver: 'nvme',
    id: device(disk),
    serial: disk.serial,
    drive: node(disk),
    bus: `slot${slot}`,
    ...(disk.role === 'os' ? { bootindex: slot } : {}),
  };
}

/** Ids of qemu's objects: they may start with a letter only. */
export function node({ serial }: Pick<HostDisk, 'serial'>): string {
  return `disk-${serial}`;
}
export function device({ serial }: Pick<HostDisk, 'serial'>): string {
  return `nvme-${serial}`;
}
