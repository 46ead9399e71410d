import type { ErrorCode } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { fstabStanding, sameUuid, withFstabLine, withoutFstabLine } from '../../../src/planning/host/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { readRemoteFile, removeRemoteFile, writeRemoteFile } from '../access/files.ts';
import { look } from '../access/look.ts';
import { command } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { hostUuids } from '../identity/uuid-v5.ts';
import { beneathScript, mountScript, sealScript, unmountScript, unsealScript } from './mount-scripts.ts';
import { partitionPath } from './paths.ts';

/** What is mounted for the VMs, and what keeps their data off the disk of the system. */
export type MountSeen = {
  /** The file system that is mounted there; null for none. */
  mounted: { uuid: string; type: string } | null;
  /** The folder beneath: whether it is there, can be written to, and what is in it. */
  folder: { exists: boolean; sealed: boolean; entries: readonly string[] };
  /** Whether /etc/fstab has the line. */
  fstab: string;
  /** Units that must not start without the storage: what their drop-in says, null for none. */
  writers: Readonly<Record<string, string | null>>;
};

const fstabPath = '/etc/fstab';

/**
 * Mounts the VM storage so that nothing can ever fall through to the disk of the system: the mount point takes no file while
 * nothing is mounted there, and the units that write to it do not start without it.
 */
export const mountStorage = defineStep<HostStepInput, MountSeen, HostDeps>({
  name: 'host.mount-storage',
  probe: async (of, { hosts }, context) => {
    const access = await hosts(of.serial);
    return verdict(of, access, await seenOf(of, access, context));
  },
  apply: async (of, _seen, { hosts, log }, context) => {
    const access = await hosts(of.serial);
    const { ssh } = access;
    const { signal } = context;
    const { mountPoint } = access.class.storage;
    const uuids = hostUuids(of.serial, of.generation);
    context.mustBeOurs();
    await command(ssh, script('seal-mount-point', sealScript, mountPoint), {
      ...{ what: `seal ${mountPoint}`, refused: 'HOST_MOUNT_TAKEN', signal },
    });
    for (const [unit, text] of Object.entries((await seenOf(of, access, context)).writers)) {
      if (text === dropIn(mountPoint)) continue;
      await writeRemoteFile(ssh, dropInPath(unit), dropIn(mountPoint), { was: { text: text ?? undefined }, signal });
    }
    const fstab = await readRemoteFile(ssh, fstabPath, { signal });
    if (fstabStanding(fstab ?? '', uuids.filesystem, mountPoint).is !== 'ours') {
      const text = withFstabLine(fstab ?? '', uuids.filesystem, mountPoint);
      await writeRemoteFile(ssh, fstabPath, text, { was: { text: fstab }, signal });
    }
    await command(ssh, script('mount-storage', mountScript, mountPoint, partitionPath(uuids)), {
      ...{ what: `mount ${mountPoint}`, refused: 'HOST_MOUNT_TAKEN', timeoutMs: 120_000, signal },
    });
    log.info({ serial: of.serial, mountPoint }, 'VM storage mounted');
  },
  undo: async (of, before, { hosts }, { signal }) => {
    const access = await hosts(of.serial);
    const { ssh } = access;
    const { mountPoint } = access.class.storage;
    const uuids = hostUuids(of.serial, of.generation);
    if (!before.mounted) {
      await command(ssh, script('unmount-storage', unmountScript, mountPoint, partitionPath(uuids)), {
        ...{ what: `unmount ${mountPoint}`, refused: 'HOST_STORAGE_IN_USE', timeoutMs: 120_000, signal },
      });
    }
    const fstab = await readRemoteFile(ssh, fstabPath, { signal });
    if (before.fstab === 'absent' && fstab !== undefined) {
      const text = withoutFstabLine(fstab, uuids.filesystem, mountPoint);
      if (text !== fstab) await writeRemoteFile(ssh, fstabPath, text, { was: { text: fstab }, signal });
    }
    for (const [unit, text] of Object.entries(before.writers)) {
      if (text === null) await removeRemoteFile(ssh, dropInPath(unit), { signal });
      else await writeRemoteFile(ssh, dropInPath(unit), text, { signal });
    }
    if (!before.folder.sealed && !before.mounted) {
      const argv = script('unseal-mount-point', unsealScript, mountPoint, before.folder.exists ? 'yes' : 'no');
      await command(ssh, argv, { what: `unseal ${mountPoint}`, signal });
    }
    await command(ssh, ['systemctl', 'daemon-reload'], { signal });
  },
});

/** What at the mount point keeps a host from being taken in, for a plan. @throws SSH_FAILED, HOST_ANSWER_UNREADABLE */
export async function mountFinding(
  of: HostStepInput,
  access: HostAccess,
  context: Pick<StepContext, 'signal'>,
): Promise<{ code: ErrorCode; message: string; place: string } | undefined> {
  const seen = verdict(of, access, await seenOf(of, access, context));
  if (seen.verdict !== 'blocked') return undefined;
  return { code: seen.code, message: seen.summary, place: access.class.storage.mountPoint };
}

function verdict({ serial, generation }: HostStepInput, access: HostAccess, seen: MountSeen): Probe<MountSeen> {
  const { mountPoint } = access.class.storage;
  const { filesystem } = hostUuids(serial, generation);
  const { mounted, folder, fstab, writers } = seen;
  if (mounted && !sameUuid(mounted.uuid, filesystem)) {
    const what = `${mounted.type} ${mounted.uuid || 'without a UUID'}`;
    return blocked('HOST_MOUNT_TAKEN', seen, `${mountPoint} has another file system mounted: ${what}`);
  }
  if (folder.entries.length > 0) {
    const names = folder.entries.join(', ');
    return blocked('HOST_MOUNT_TAKEN', seen, `on the disk of the system there are files in ${mountPoint}: ${names}`);
  }
  if (fstab !== 'ours' && fstab !== 'absent' && fstab !== 'changed') {
    return blocked('HOST_MOUNT_TAKEN', seen, `${fstabPath} has another line for ${mountPoint}: ${fstab}`);
  }
  const open = Object.entries(writers).filter(([, text]) => text !== dropIn(mountPoint));
  const wrong = [
    ...(mounted ? [] : [`nothing is mounted at ${mountPoint}`]),
    ...(folder.sealed ? [] : [`files could be put into ${mountPoint} while nothing is mounted there`]),
    ...(fstab === 'ours' ? [] : [`${fstabPath} lacks the line`]),
    ...open.map(([unit]) => `${unit} could start without it`),
  ];
  if (wrong.length === 0) return done(seen, `${mountPoint} is mounted, and takes no file without it`);
  return todo(seen, wrong.join('; '), { begun: fstab === 'ours' || folder.sealed });
}

async function seenOf(
  { serial, generation }: HostStepInput,
  { ssh, class: { storage } }: HostAccess,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<MountSeen> {
  const { mountPoint, writers } = storage;
  const { filesystem } = hostUuids(serial, generation);
  const looks: Record<'mounted' | 'beneath' | 'fstab' | `writer-${number}`, readonly string[]> = {
    mounted: ['findmnt', '-nro', 'FSTYPE,UUID', '-M', mountPoint],
    beneath: script('read-beneath', beneathScript, mountPoint),
    fstab: ['cat', fstabPath],
    ...Object.fromEntries(writers.map((unit, at) => [`writer-${at}`, ['cat', dropInPath(unit)]])),
  };
  const seen = await look(ssh, looks, { signal });
  const [type = '', uuid = ''] = seen.mounted.text.trim().split(' ');
  const lines = seen.beneath.text.split('\n');
  const attributes = lines.find((line) => line.startsWith('attributes '))?.slice('attributes '.length) ?? '';
  const standing = fstabStanding(seen.fstab.text, filesystem, mountPoint);
  return {
    mounted: seen.mounted.code === 0 && type !== '' ? { uuid, type } : null,
    folder: {
      exists: seen.beneath.code !== 44,
      sealed: attributes.includes('i'),
      entries: lines.filter((line) => line.startsWith('entry ')).map((line) => line.slice('entry '.length)),
    },
    fstab: standing.is === 'taken' ? standing.line : standing.is,
    writers: Object.fromEntries(
      writers.map((unit, at) => {
        const read = seen[`writer-${at}`];
        return [unit, read?.code === 0 ? ensureNewline(read.text) : null];
      }),
    ),
  };
}

/** What a look prints has lost its last newlines. */
function ensureNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

function dropInPath(unit: string): string {
  return `/etc/systemd/system/${unit}.d/50-gantry-storage.conf`;
}

function dropIn(mountPoint: string): string {
  return `# Written by Gantry: without the VM storage this unit does not start.\n[Unit]\nRequiresMountsFor=${mountPoint}\n`;
}
