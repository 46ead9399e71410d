import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import type { HostDisk } from './disks.ts';
import { blockDevice, byId, device, makeDisk, node, nvmeDevice } from './disks.ts';
import type { HostImage } from './image.ts';
import type { Nic } from './machine.ts';
import type { Qmp } from './qmp.ts';

/** What a pair of hands does to a host. */
export type HostHardware = {
  /** Disks that are in their slots. */
  plugged: () => readonly HostDisk[];
  /** Takes the carrier of a card, or gives it back. The other end of its cable is another card. */
  setLink: (nic: string, carrier: 'up' | 'down') => Promise<void>;
  /** Pulls a disk out of its slot, in use or not; what is on it stays. */
  pullDisk: (serial: string) => Promise<void>;
  /** Puts it back. Resolves when the guest shows it. */
  plugDisk: (serial: string) => Promise<void>;
  /** Data disks as they came: the guest lets go of them, each is replaced by a blank one of the same serial. */
  resetDisks: () => Promise<void>;
};

type Parts = {
  name: string;
  image: HostImage;
  disks: readonly HostDisk[];
  nics: readonly Nic[];
  ok: (command: string, withinMs?: number) => Promise<string>;
  qmp: () => Qmp;
};

const withinMs = 180_000;

export function hardwareOf({ name, image, disks, nics, ok, qmp }: Parts): HostHardware {
  const out = new Set<string>();
  const diskOf = (serial: string): HostDisk => {
    const found = disks.find((disk) => disk.serial === serial);
    if (!found) throw new GantryError('LAB_PART_FAILED', `${name} has no disk ${serial}`);
    return found;
  };
  const seen = async (disk: HostDisk, wanted: boolean): Promise<void> => {
    const look = `udevadm settle; test ${wanted ? '' : '!'} -e ${byId(disk)} && echo yes || echo no`;
    if (await until(async () => (await ok(look)) === 'yes', withinMs, 200)) return;
    throw new GantryError('LAB_PART_FAILED', `${name} ${wanted ? 'does not show' : 'still shows'} ${disk.serial}`);
  };
  const pullDisk = async (serial: string): Promise<void> => {
    const disk = diskOf(serial);
    const gone = qmp().event('DEVICE_DELETED', withinMs, (data) => {
      return (data as { device?: string }).device === device(disk);
    });
    await Promise.all([gone, qmp().run('device_del', { id: device(disk) })]);
    await qmp().run('blockdev-del', { 'node-name': node(disk) });
    out.add(serial);
    await seen(disk, false);
  };
  const plugDisk = async (serial: string): Promise<void> => {
    const disk = diskOf(serial);
    await qmp().run('blockdev-add', blockDevice(disk));
    await qmp().run('device_add', nvmeDevice(disk, disks.indexOf(disk)));
    out.delete(serial);
    await seen(disk, true);
  };
  return {
    plugged: () => disks.filter(({ serial }) => !out.has(serial)),
    async setLink(nic, carrier) {
      const { id } = nics.find((one) => one.name === nic || one.id === nic) ?? {};
      if (id === undefined) throw new GantryError('LAB_PART_FAILED', `${name} has no card ${nic}`);
      await qmp().run('set_link', { name: id, up: carrier === 'up' });
    },
    pullDisk,
    plugDisk,
    async resetDisks() {
      await ok(letGo);
      for (const disk of disks.filter(({ role }) => role === 'data')) {
        if (!out.has(disk.serial)) await pullDisk(disk.serial);
        await makeDisk(disk, image);
        await plugDisk(disk.serial);
      }
    },
  };
}

/** Unmounts and stops all that is on disks other than the system's, whose array is md0. */
const letGo = `
set -e
for at in $(findmnt -rno TARGET,SOURCE | awk '$2 ~ "^/dev/(md|nvme|mapper)" && $1 != "/" { print $1 }' | tac); do umount "$at"; done
for array in $(awk '/^md/ && $1 != "md0" { print $1 }' /proc/mdstat); do mdadm --stop "/dev/$array"; done
`;
