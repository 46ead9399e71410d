import type { HostUuids } from '../../../src/planning/host/index.ts';
import { plain } from '../../../src/planning/host/index.ts';

/** What the array is called on every host. */
export const arrayName = 'gantry';

/** As mdadm writes it: four groups of eight digits. */
export function mdUuid({ array }: HostUuids): string {
  return plain(array).replace(/^(.{8})(.{8})(.{8})(.{8})$/, '$1:$2:$3:$4');
}

/** The array by its UUID: the kernel's number of it changes from boot to boot. */
export function arrayPath(uuids: HostUuids): string {
  return `/dev/disk/by-id/md-uuid-${mdUuid(uuids)}`;
}

/**
 * The partition of the array. Not by its GUID: udev names an array's partitions so only once a file system is on them
 * (63-md-raid-arrays.rules). The GUID itself is in the table, which is looked at first.
 */
export function partitionPath(uuids: HostUuids): string {
  return `${arrayPath(uuids)}-part1`;
}

/** The name of the partition, and the label of the file system: which life they are of, for people and for other tools. */
export function storageLabel(generation: number): string {
  return `vm-g${generation}`;
}

/** Where the host notes a wipe that was begun. */
export function wipeMarker(serial: string): string {
  return `/var/lib/gantry/wipe/${serial.replace(/[^A-Za-z0-9._-]/g, '_')}`;
}
