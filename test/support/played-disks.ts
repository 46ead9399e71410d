import { createHash } from 'node:crypto';
import type { Answer, PlayedHost } from './played-host.ts';

/** One disk of a played host. */
export type PlayedDisk = {
  serial: string;
  kname: string;
  bytes: number;
  /** Signatures that are not of an array: a foreign file system, a table. */
  signatures: { type: string; uuid?: string; label?: string; offset: string }[];
  /** Its superblock. */
  member?: { uuid: string; events: number };
  /** Data without a signature. */
  data: boolean;
  mountedAt?: string;
  gone?: true;
  /** A wipe that was begun: what the marker says. */
  wiping?: { digest: string; signatures: PlayedDisk['signatures'] };
};

/** The storage of a played host, as a person with hands and a shell may change it. */
export type PlayedStorage = {
  readonly disks: PlayedDisk[];
  array: { uuid: string; active: boolean; level: string; out: string[]; sync: string } | undefined;
  table: { uuid: string; partition: string; name: string } | undefined;
  filesystem: { type: string; uuid: string; label: string; unfinished: boolean } | undefined;
  /** Signatures on the array that are no table of ours. */
  onArray: PlayedDisk['signatures'];
  mounted: boolean;
  /** The folder beneath the mount point. */
  folder: { exists: boolean; sealed: boolean; entries: string[] };
  /** Files on the mounted file system. */
  files: string[];
  initramfs: 'newer' | 'older' | 'none';
  disk(serial: string): PlayedDisk;
};

const mdName = 'md127';

/** Plays the disks of a host: what the scripts of activities/host/disks ask and do, on a small model. */
export function playDisks(
  host: PlayedHost,
  serials: readonly string[] = ['T1-DATA1', 'T1-DATA2', 'T1-DATA3', 'T1-DATA4'],
): PlayedStorage {
  const system = ['T1-OS1', 'T1-OS2'].map((serial, at): PlayedDisk =>
    blankDisk(serial, `nvme${at}n1`, 1_000_204_886_016),
  );
  const disks = [...system, ...serials.map((serial, at) => blankDisk(serial, `nvme${at + 2}n1`, 4_000_787_030_016))];
  const storage: PlayedStorage = {
    ...{ disks, array: undefined, table: undefined, filesystem: undefined, onArray: [], mounted: false },
    folder: { exists: false, sealed: false, entries: [] },
    ...{ files: [], initramfs: 'older' },
    disk: (serial) => {
      const found = disks.find((one) => one.serial === serial);
      if (!found) throw new Error(`no disk ${serial}`);
      return found;
    },
  };
  const there = (): PlayedDisk[] => disks.filter(({ gone }) => !gone);
  const at = (path: string): PlayedDisk => {
    const found = there().find(({ serial }) => path === `/dev/disk/by-id/nvme-QEMU_${serial}`);
    if (!found) throw new Error(`acted on ${path}, which is no name by id of a disk that is there`);
    return found;
  };
  const members = (): PlayedDisk[] => there().filter(({ member }) => member && member.uuid === storage.array?.uuid);
  host.files.set('/etc/fstab', 'UUID=aaaa / ext4 errors=remount-ro 0 1\n');
  host.play({
    lsblk: () => JSON.stringify({ blockdevices: there().map((disk) => blockOf(disk, storage)) }),
    'read-links': () =>
      there()
        .map(({ serial, kname }) => `nvme-QEMU_${serial} ${kname}`)
        .join('\n'),
    'read-root': () => ['md0 raid1', ...system.map(({ kname }) => `${kname} disk`)].join('\n'),
    'read-arrays': () => {
      const { array } = storage;
      const own = `md0 ${'a'.repeat(8)}:${'b'.repeat(8)}:${'c'.repeat(8)}:${'d'.repeat(8)} clean raid1 2 0 idle 1953259520 nvme0n1:in_sync,nvme1n1:in_sync`;
      if (!array) return own;
      const held = members().map(
        ({ kname, serial }) => `${kname}:${array.out.includes(serial) ? 'faulty' : 'in_sync'}`,
      );
      const state = array.active ? 'clean' : 'inactive';
      return `${own}\n${mdName} ${array.uuid} ${state} ${array.level} 4 ${array.out.length} ${array.sync} 15627714560 ${held.join(',')}`;
    },
    'read-disk': ([path = '']) => diskLines(at(path)),
    'wipe-disk': ([path = '', , digest = '']): Answer => {
      const disk = at(path);
      if (!disk.wiping && digestOf(disk) !== digest) return { code: 46, stderr: 'the disk holds something else now' };
      Object.assign(disk, { signatures: [], data: false });
      delete disk.member;
      delete disk.wiping;
      return '';
    },
    'create-array': ([uuid = '', , , ...paths]): Answer => {
      if (storage.array?.active) return '';
      const chosen = paths.map(at);
      for (const disk of chosen) {
        if (disk.member ? disk.member.uuid !== uuid || disk.member.events > 0 : disk.signatures.length > 0 || disk.data)
          return { code: 46, stderr: `${disk.serial} is not blank` };
      }
      for (const disk of chosen) disk.member = { uuid, events: 17 };
      Object.assign(storage, { array: { uuid, active: true, level: 'raid10', out: [], sync: 'resync' }, onArray: [] });
      return '';
    },
    'start-array': ([uuid = '']) => {
      storage.array = { uuid, active: true, level: 'raid10', out: [], sync: 'idle' };
      return '';
    },
    'remove-array': ([uuid = '', ...paths]): Answer => {
      if (storage.array?.active && (storage.table || storage.onArray.length > 0))
        return { code: 46, stderr: 'holds something' };
      storage.array = undefined;
      for (const disk of paths.map(at)) if (disk.member?.uuid === uuid) delete disk.member;
      return '';
    },
    'stop-array': () => {
      if (storage.array) storage.array.active = false;
      return '';
    },
    'initramfs-age': () => storage.initramfs,
    'update-initramfs': () => {
      storage.initramfs = 'newer';
      return '';
    },
    wipefs: () =>
      JSON.stringify({
        signatures: [
          ...storage.onArray,
          ...(storage.table ? [{ type: 'gpt', offset: '0x200', uuid: storage.table.uuid }] : []),
        ],
      }),
    sfdisk: (): Answer => {
      const { table } = storage;
      if (!table) return { code: 1 };
      const partitions = [
        { start: 2_048, size: 15_627_710_431, uuid: table.partition.toUpperCase(), name: table.name },
      ];
      return JSON.stringify({
        partitiontable: { label: 'gpt', id: table.uuid.toUpperCase(), lastlba: 15_627_714_526, partitions },
      });
    },
    'read-filesystem': (): Answer => {
      const { table, filesystem: held } = storage;
      if (!table) return { code: 44 };
      return held
        ? `UUID=${held.uuid}\nLABEL=${held.label}\nTYPE=${held.type}\nGANTRY_INPROGRESS=${held.unfinished ? 1 : 0}`
        : 'GANTRY_INPROGRESS=0';
    },
    'partition-array': (_args, text): Answer => {
      if (storage.table || storage.onArray.length > 0) return { code: 46, stderr: 'not empty' };
      const found = /label-id: (\S+)[\s\S]*uuid=([^,]+), name="([^"]+)"/.exec(text);
      storage.table = {
        uuid: (found?.[1] ?? '').toLowerCase(),
        partition: (found?.[2] ?? '').toLowerCase(),
        name: found?.[3] ?? '',
      };
      return '';
    },
    'unpartition-array': (): Answer => {
      if (storage.filesystem) return { code: 46, stderr: 'the partition holds something' };
      storage.table = undefined;
      return '';
    },
    'make-filesystem': ([, uuid = '', label = '']): Answer => {
      if (storage.filesystem && !storage.filesystem.unfinished)
        return storage.filesystem.uuid === uuid ? '' : { code: 46 };
      storage.filesystem = { type: 'xfs', uuid, label, unfinished: false };
      return '';
    },
    'remove-filesystem': (): Answer => {
      if (storage.mounted) return { code: 1, stderr: 'Device or resource busy' };
      storage.filesystem = undefined;
      return '';
    },
    findmnt: (): Answer => (storage.mounted ? `${storage.filesystem?.type} ${storage.filesystem?.uuid}` : { code: 1 }),
    'read-beneath': (): Answer => {
      const { exists, sealed, entries } = storage.folder;
      if (!exists) return { code: 44 };
      return [`attributes ${sealed ? '----i---' : '--------'}`, ...entries.map((entry) => `entry ${entry}`)].join('\n');
    },
    'seal-mount-point': (): Answer => {
      if (storage.folder.entries.length > 0) return { code: 46, stderr: 'there are files' };
      storage.folder = { exists: true, sealed: true, entries: [] };
      return '';
    },
    'mount-storage': (): Answer => {
      storage.mounted = true;
      return '';
    },
    'unmount-storage': (): Answer => {
      if (storage.mounted && storage.files.length > 0) return { code: 46, stderr: 'there are files on it' };
      storage.mounted = false;
      return '';
    },
    'unseal-mount-point': ([, existed]): Answer => {
      storage.folder = { exists: existed === 'yes', sealed: false, entries: [] };
      return '';
    },
    systemctl: () => '',
  });
  return storage;
}

/** What the read script says of everything that is on a disk: the token of a wipe holds it. */
export function digestOf({ signatures, member, data }: PlayedDisk): string {
  return createHash('sha256')
    .update(JSON.stringify([signatures, member ?? null, data]))
    .digest('hex')
    .slice(0, 12);
}

function blankDisk(serial: string, kname: string, bytes: number): PlayedDisk {
  return { serial, kname, bytes, signatures: [], data: false };
}

function blockOf(disk: PlayedDisk, { array }: PlayedStorage): object {
  const { serial, kname, bytes, member, mountedAt } = disk;
  const isSystem = serial.includes('-OS');
  const over = isSystem ? 'md0' : member && member.uuid === array?.uuid && array.active ? mdName : undefined;
  return {
    ...{ kname, type: 'disk', size: bytes, serial, mountpoints: [mountedAt ?? null] },
    ...(over === undefined
      ? {}
      : { children: [{ kname: over, type: 'raid10', size: 1, serial: null, mountpoints: [isSystem ? '/' : null] }] }),
  };
}

function diskLines(disk: PlayedDisk): string {
  const { signatures, member, data, wiping } = disk;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const own = member ? [{ type: 'linux_raid_member', uuid: member.uuid, offset: '0x1000' }] : [];
  return [
    `digest ${digestOf(disk)}`,
    `nonzero ${signatures.length > 0 || member || data ? 1 : 0}`,
    `signatures ${base64(JSON.stringify({ signatures: [...signatures, ...own] }))}`,
    `member ${member ? base64(`MD_UUID=${member.uuid}\nMD_NAME=any:gantry\nMD_EVENTS=${member.events}\n`) : ''}`,
    ...(wiping
      ? [
          `wiping ${base64(`${wiping.digest}\nsignatures ${base64(JSON.stringify({ signatures: wiping.signatures }))}\n`)}`,
        ]
      : []),
  ].join('\n');
}
