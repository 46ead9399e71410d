import { z } from 'zod';
import { GantryError } from '../../../src/errors/index.ts';
import type {
  ArrayFacts,
  ContentFacts,
  DiskFacts,
  DisksFacts,
  HostUuids,
  PartitionFacts,
  Signature,
} from '../../../src/planning/host/index.ts';
import { plain, sameUuid, signatureKey } from '../../../src/planning/host/index.ts';
import type { Ssh } from '../access/access.ts';
import type { Seen } from '../access/look.ts';
import { look } from '../access/look.ts';
import { script } from '../access/script.ts';
import { arraysScript, diskScript, filesystemScript, linksScript, rootScript } from './disk-scripts.ts';
import { arrayPath, partitionPath, wipeMarker } from './paths.ts';

type Block = {
  kname: string;
  type: string;
  size: number;
  serial: string | null;
  mountpoints: (string | null)[];
  children: Block[];
};

const block: z.ZodType<Block> = z.lazy(() =>
  z.object({
    kname: z.string(),
    type: z.string(),
    size: z.coerce.number(),
    serial: z
      .string()
      .nullish()
      .transform((text) => text?.trim() ?? null),
    mountpoints: z.array(z.string().nullable()).default([]),
    children: z.array(block).default([]),
  }),
);
const blocks = z.object({ blockdevices: z.array(block) });

const signatureList = z.object({
  signatures: z
    .array(
      z.object({
        type: z.string(),
        offset: z.string().nullish(),
        uuid: z.string().nullish(),
        label: z.string().nullish(),
      }),
    )
    .default([]),
});

const table = z.object({
  partitiontable: z.object({
    label: z.string(),
    id: z.string().default(''),
    lastlba: z.number().exactOptional(),
    partitions: z
      .array(
        z.object({ start: z.number(), size: z.number(), uuid: z.string().default(''), name: z.string().default('') }),
      )
      .default([]),
  }),
});

/** Where an operating system lives; what is mounted anywhere else only uses the disk. */
const systemMounts = new Set(['/', '/boot', '/boot/efi', '/efi', '/usr', '/var', '/home', '[SWAP]']);

const first = {
  block: ['lsblk', '-J', '-b', '-o', 'KNAME,TYPE,SIZE,SERIAL,MOUNTPOINTS'],
  links: script('read-links', linksScript),
  root: script('read-root', rootScript),
  arrays: script('read-arrays', arraysScript),
};

/** Which disks are read: those of the inventory; `uuids`: of the life whose array is looked into. */
export type DisksWanted = { disks: readonly string[]; uuids?: HostUuids };

/**
 * Reads the disks that the inventory lists, and what lies on them, in two round trips. Changes nothing.
 * @throws HOST_ANSWER_UNREADABLE: also when it cannot be told which disks the system lies on. SSH_FAILED
 */
export async function readDisks(
  ssh: Ssh,
  { disks: serials, uuids }: DisksWanted,
  options: { signal?: AbortSignal } = {},
): Promise<DisksFacts> {
  const seen = await look(ssh, first, options);
  const all = parsed(ssh, 'lsblk', seen.block, blocks).blockdevices;
  const rootChain = rootOf(ssh, seen.root);
  const arrays = arraysOf(seen.arrays);
  const links = linksOf(seen.links);
  const found = serials.flatMap((serial) => {
    const named = all.filter((one) => one.type === 'disk' && one.serial === serial);
    const [disk] = named;
    const link = disk && linkOf(links, disk.kname, serial);
    return disk && link !== undefined && named.length === 1 ? [{ serial, disk, path: `/dev/disk/by-id/${link}` }] : [];
  });
  const array = uuids && arrays.find(({ uuid }) => sameUuid(uuid, uuids.array));
  const ofDisks = found.map(({ path, serial }, at): [string, readonly string[]] => [
    `disk-${at}`,
    script('read-disk', diskScript, path, wipeMarker(serial)),
  ]);
  const looks = Object.fromEntries([...ofDisks, ...(uuids && array?.active ? contentLooks(uuids) : [])]);
  const more: Readonly<Record<string, Seen>> = Object.keys(looks).length === 0 ? {} : await look(ssh, looks, options);
  const disks = found.map(({ serial, disk, path }, at): DiskFacts => {
    const standing = { serial, path, kernelName: disk.kname, bytes: disk.size };
    const chain = [disk, ...below(disk)];
    return {
      ...standing,
      system: chain.some(({ kname, mountpoints }) => rootChain.has(kname) || mountpoints.some(isSystem)),
      uses: usesOf(disk, arrays),
      ...onDisk(ssh, serial, more[`disk-${at}`]),
    };
  });
  const missing = serials.filter((serial) => !found.some((one) => one.serial === serial));
  const content = uuids && array?.active ? contentOf(ssh, more) : undefined;
  return { disks, missing, arrays, ...(content ? { content } : {}) };
}

function contentLooks(uuids: HostUuids): [string, readonly string[]][] {
  const array = arrayPath(uuids);
  return [
    ['signatures', ['wipefs', '-J', '-O', 'OFFSET,TYPE,UUID,LABEL', '--', array]],
    ['table', ['sfdisk', '--json', '--', array]],
    ['filesystem', script('read-filesystem', filesystemScript, partitionPath(uuids))],
  ];
}

function contentOf(ssh: Ssh, seen: Readonly<Record<string, Seen>>): ContentFacts {
  const { signatures, table: tableSeen, filesystem } = seen;
  const held = filesystemOf(filesystem);
  const found = tableSeen?.code === 0 ? parsed(ssh, 'sfdisk', tableSeen, table).partitiontable : undefined;
  const partitions = found?.partitions.map(({ uuid, name, start, size }): PartitionFacts => ({
    uuid: uuid.toLowerCase(),
    ...{ name, start, size },
  }));
  return {
    signatures: signaturesOf(ssh, signatures),
    ...(found
      ? {
          table: {
            ...{ label: found.label, uuid: found.id.toLowerCase(), partitions: partitions ?? [] },
            ...(found.lastlba === undefined ? {} : { lastSector: found.lastlba }),
          },
        }
      : {}),
    ...(held ? { filesystem: held } : {}),
  };
}

function filesystemOf(seen: Seen | undefined): ContentFacts['filesystem'] {
  const values = keyValues(seen?.text ?? '');
  const type = values.get('TYPE');
  if (seen?.code !== 0 || type === undefined) return undefined;
  const unfinished = type === 'xfs' && values.get('GANTRY_INPROGRESS') === '1';
  return { type, uuid: values.get('UUID') ?? '', label: values.get('LABEL') ?? '', unfinished };
}

function onDisk(
  ssh: Ssh,
  serial: string,
  seen: Seen | undefined,
): Pick<DiskFacts, 'signatures' | 'member' | 'blankEdges' | 'digest' | 'wiping'> {
  const lines = linesOf(seen?.text ?? '');
  const digest = lines.get('digest');
  if (seen?.code !== 0 || digest === undefined || !/^[0-9a-f]{12}$/.test(digest) || !lines.has('signatures')) {
    throw unreadable(ssh, `what is on ${serial}`, seen?.text ?? '');
  }
  const member = memberOf(decoded(lines.get('member')));
  const marker = lines.get('wiping');
  return {
    signatures: foundOn(ssh, lines),
    ...(member ? { member } : {}),
    blankEdges: lines.get('nonzero') === '0',
    digest,
    ...(marker === undefined ? {} : { wiping: wipingOf(ssh, decoded(marker)) }),
  };
}

function memberOf(text: string): DiskFacts['member'] {
  const values = keyValues(text);
  const array = values.get('MD_UUID');
  if (array === undefined) return undefined;
  return { array: plain(array), name: values.get('MD_NAME') ?? '', events: Number(values.get('MD_EVENTS') ?? 1) };
}

function wipingOf(ssh: Ssh, text: string): NonNullable<DiskFacts['wiping']> {
  const [digest = '', ...rest] = text.split('\n');
  return { digest, signatures: foundOn(ssh, linesOf(rest.join('\n'))).map(signatureKey) };
}

/** On the disk itself, and on its partitions. */
function foundOn(ssh: Ssh, lines: ReadonlyMap<string, string>): Signature[] {
  return [...lines]
    .filter(([word]) => word === 'signatures' || /^part\d+$/.test(word))
    .flatMap(([word, found]) => {
      const on = word === 'signatures' ? '' : `${word} `;
      const list = signaturesOf(ssh, { code: 0, text: decoded(found) });
      return list.map((one) => ({ ...one, offset: `${on}${one.offset ?? ''}` }));
    });
}

function linesOf(text: string): Map<string, string> {
  return new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
}

function signaturesOf(ssh: Ssh, seen: Seen | undefined): Signature[] {
  if (seen?.code !== 0) throw unreadable(ssh, 'wipefs', seen?.text ?? '');
  if (seen.text.trim() === '') return [];
  return parsed(ssh, 'wipefs', seen, signatureList).signatures.map(({ type, uuid, label, offset }) => ({
    type,
    ...(uuid ? { uuid } : {}),
    ...(label ? { label } : {}),
    ...(offset ? { offset } : {}),
  }));
}

function arraysOf({ text }: Seen): ArrayFacts[] {
  return text.split('\n').flatMap((line): ArrayFacts[] => {
    const [kernelName = '', uuid = '', state = '', level = '', slots, degraded, sync = '', sectors, list = ''] =
      line.split(' ');
    if (kernelName === '') return [];
    const active = !['inactive', 'clear', 'none'].includes(state);
    const members = list.split(',').filter((one) => /:(.*\+)?in_sync/.test(one));
    return [
      {
        uuid: plain(uuid),
        ...{ kernelName, active, level, syncAction: sync },
        slots: Number(slots) || 0,
        members: members.map((one) => one.split(':')[0] ?? ''),
        degraded: Number(degraded) || 0,
        bytes: (Number(sectors) || 0) * 512,
        holds: list.split(',').map((one) => one.split(':')[0] ?? ''),
      },
    ];
  });
}

/** The name that carries the serial number; of several the first in order, so that every look names it the same. */
function linkOf(links: ReadonlyMap<string, string>, kname: string, serial: string): string | undefined {
  const own = [...links].filter(([, target]) => target === kname).map(([name]) => name);
  return (
    own.filter((name) => name.includes(serial)).sort()[0] ??
    own.filter((name) => /^(wwn|nvme-eui|nvme-nvme)/.test(name)).sort()[0]
  );
}

function linksOf({ text }: Seen): Map<string, string> {
  return new Map(text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ') as [string, string]])));
}

/** What uses a disk: an array it is in, what is mounted from it, any other layer. Not what lies on our own array's. */
function usesOf(disk: Block, arrays: readonly ArrayFacts[]): string[] {
  const uses = new Set<string>();
  const visit = (one: Block): void => {
    const held = arrays.filter(({ holds }) => holds.includes(one.kname));
    for (const { uuid, kernelName } of held) uses.add(`array ${uuid || kernelName}`);
    for (const at of one.mountpoints) if (at !== null) uses.add(at === '[SWAP]' ? 'swap' : `mounted at ${at}`);
    for (const child of one.children) {
      if (arrays.some(({ kernelName }) => kernelName === child.kname)) continue;
      if (child.type !== 'part') uses.add(`${child.type} ${child.kname}`);
      visit(child);
    }
  };
  visit(disk);
  return [...uses].sort();
}

function isSystem(mountpoint: string | null): boolean {
  return mountpoint !== null && systemMounts.has(mountpoint);
}

function below(one: Block): Block[] {
  return one.children.flatMap((child) => [child, ...below(child)]);
}

function rootOf(ssh: Ssh, { code, text }: Seen): Set<string> {
  const lines = text.split('\n').filter((line) => line !== '');
  if (code !== 0 || !lines.some((line) => line.endsWith(' disk')))
    throw unreadable(ssh, 'which disks the system lies on', text);
  return new Set(lines.map((line) => line.split(' ')[0] ?? ''));
}

function keyValues(text: string): Map<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

function decoded(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}

function parsed<T>(ssh: Ssh, what: string, { code, text }: Seen, shape: z.ZodType<T>): T {
  try {
    if (code === 0) return shape.parse(JSON.parse(text));
  } catch {
    // Said below, with what it was.
  }
  throw unreadable(ssh, what, text);
}

function unreadable(ssh: Ssh, what: string, text: string): GantryError {
  return new GantryError('HOST_ANSWER_UNREADABLE', `${ssh.where}: ${what}: the answer cannot be read`, {
    evidence: { host: ssh.where, what, said: text.slice(0, 500) },
  });
}
