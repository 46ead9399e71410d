import type { CatalogueEntry } from '../entry.ts';

/** What keeps the disks of a host from becoming VM storage. */
export const hostDiskErrors = {
  HOST_DISK_MISSING: {
    meaning: 'A disk that the inventory lists for the host is not there.',
    retryable: false,
    hint: 'On the host: `lsblk -o NAME,SERIAL,SIZE`. Put the disk in, or correct `disks` of the host in `hosts.inventory`.',
  },
  HOST_DISK_IS_SYSTEM: {
    meaning: 'A disk that the inventory lists for VM storage carries the operating system of the host.',
    retryable: false,
    hint: 'Correct `disks` of the host in `hosts.inventory`. On the host: `lsblk -s $(findmnt -no SOURCE /)` shows what the system lies on.',
  },
  HOST_DISK_FOREIGN: {
    meaning:
      'A disk or an array holds something that Gantry did not make for this host. Gantry never touches it by itself.',
    retryable: false,
    hint: 'The evidence says what it is. If nothing on it is needed, start the run again with the token of the message: `--wipe <serial>@<digest>`.',
  },
  HOST_ARRAY_FOREIGN: {
    meaning: 'The array or its partition, which are this host’s own, hold something that Gantry did not make.',
    retryable: false,
    hint: 'On the host: `wipefs /dev/md/gantry`, `lsblk -f`. If it is left over from the disks’ former life and is not needed, `wipefs -a` what the message names, then `gantry retry <id>`.',
  },
  HOST_STORAGE_IN_USE: {
    meaning: 'There are files on the VM storage, so that the run does not undo it.',
    retryable: false,
    hint: 'Look at what is there. Move it away and `gantry retry <id>`, or `gantry skip <id> --accept-risk "<what stays>"` to leave the storage as it is.',
  },
  HOST_DISK_BUSY: {
    meaning:
      'Something uses a disk: it is mounted, is swap, or belongs to an array or a volume that Gantry did not make.',
    retryable: false,
    hint: 'On the host: `lsblk <disk>`, `findmnt`, `cat /proc/mdstat`. Stop what uses it, then `gantry retry <id>`. A wipe never does.',
  },
  HOST_WIPE_STALE: {
    meaning: 'A disk no longer holds what the wipe token was given for.',
    retryable: false,
    hint: 'Look at what is on the disk now. Start the run again without the token: the refusal prints the new one.',
  },
  HOST_ARRAY_INCOMPLETE: {
    meaning:
      'The array of the host lacks a member, or a member has failed. Gantry puts no VM on an array that bears no further loss.',
    retryable: false,
    hint: 'On the host: `mdadm --detail /dev/md/gantry`, `smartctl -a <disk>`. Replace the disk, add it to the array, wait for the end of the recovery, then `gantry retry <id>`.',
  },
  HOST_MOUNT_TAKEN: {
    meaning:
      'Another file system is mounted where the VM storage belongs, or files lie there on the disk of the operating system.',
    retryable: false,
    hint: 'On the host: `findmnt <mount point>`, and `ls -la` of it after `umount`. Move what is there, then `gantry retry <id>`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
