import type { HostStepInput } from '../../../src/runs/index.ts';
import type { ArrayStanding } from '../../../src/planning/host/index.ts';
import { arrayStanding, namesArray, withArrayLine, withoutArrayLine } from '../../../src/planning/host/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps, Ssh } from '../access/access.ts';
import { readRemoteFile, removeRemoteFile, writeRemoteFile } from '../access/files.ts';
import { command } from '../access/remote.ts';
import { script } from '../access/script.ts';
import { endWork, longWork } from '../access/units.ts';
import {
  createArrayScript,
  initramfsScript,
  removeArrayScript,
  startArrayScript,
  stopArrayScript,
  updateInitramfsScript,
} from './disk-scripts.ts';
import { arrayName, mdUuid } from './paths.ts';
import type { Storage } from './storage.ts';
import { diskPaths, storageOf } from './storage.ts';

/** The array as it was seen, and whether the host will find it again after a boot. */
export type ArraySeen = {
  standing: ArrayStanding['is'];
  kernelName?: string;
  bytes?: number;
  /** Whether members are being brought into step: allowed, but no VM is placed until it is over. */
  syncAction?: string;
  /** Whether mdadm is told what it is called. */
  told: boolean;
  /** Whether the initial file system knows that. `none`: this host has none of Debian's kind. */
  initramfs: 'newer' | 'older' | 'none';
};

/** Not a file below mdadm.conf.d: Debian's initial file system takes this one alone (mdadm 4.2, hooks/mdadm). */
const configPath = '/etc/mdadm/mdadm.conf';
const creation = 'create the array';
const start = 'start the array';
const initramfs = 'update the initial file system';

/**
 * Makes the RAID10 of the host's disks, or goes on with one: by its UUID it is this life's, or it is nothing of ours. One that
 * lacks a member is refused, never started or made again.
 */
export const assembleArray = defineStep<HostStepInput, ArraySeen, HostDeps>({
  name: 'host.assemble-array',
  probe: async (of, deps, context) => {
    const storage = await storageOf(of, deps, context);
    return verdict(of, storage, await seenOf(storage, context));
  },
  apply: async (of, _seen, deps, context) => {
    const storage = await storageOf(of, deps, context);
    const { access, uuids, facts } = storage;
    const { ssh } = access;
    const [uuid, paths] = [mdUuid(uuids), diskPaths(storage)];
    const sync = access.class.storage.initialSync ? 'sync' : 'assume-clean';
    const { is } = arrayStanding(facts, uuids);
    if (is === 'absent' || is === 'half-made') {
      const argv = script('create-array', createArrayScript, uuid, arrayName, sync, ...paths);
      await longWork(ssh, context, { what: creation, argv, refused: 'HOST_DISK_FOREIGN' });
      deps.log.info({ serial: of.serial, generation: of.generation, found: is }, 'array made');
    }
    if (is === 'stopped')
      await longWork(ssh, context, {
        what: start,
        argv: script('start-array', startArrayScript, uuid, arrayName, ...paths),
      });
    const { signal } = context;
    const config = await readRemoteFile(ssh, configPath, { signal });
    if (!namesArray(config ?? '', lineOf(storage))) {
      const text = withArrayLine(config ?? '', lineOf(storage), uuid);
      await writeRemoteFile(ssh, configPath, text, { was: { text: config }, signal });
    }
    await refreshInitramfs(ssh, context);
  },
  undo: async (of, before, deps, context) => {
    const storage = await storageOf(of, deps, context);
    const { ssh } = storage.access;
    const uuid = mdUuid(storage.uuids);
    for (const what of [creation, start]) await endWork(ssh, context, what);
    const { signal } = context;
    if (before.standing === 'absent' || before.standing === 'half-made') {
      const argv = script('remove-array', removeArrayScript, uuid, ...diskPaths(storage));
      await command(ssh, argv, { what: 'remove the array', timeoutMs: 120_000, signal });
    }
    if (before.standing === 'stopped') {
      await command(ssh, script('stop-array', stopArrayScript, uuid), { what: 'stop the array', signal });
    }
    const config = await readRemoteFile(ssh, configPath, { signal });
    const rest = config === undefined ? undefined : withoutArrayLine(config, uuid);
    if (before.told || config === undefined || rest === undefined || rest === config) return;
    if (rest.trim() === '') await removeRemoteFile(ssh, configPath, { signal });
    else await writeRemoteFile(ssh, configPath, rest, { was: { text: config }, signal });
    await longWork(ssh, context, {
      what: `${initramfs} again`,
      argv: script('update-initramfs', updateInitramfsScript),
    });
  },
});

function verdict(of: HostStepInput, storage: Storage, seen: ArraySeen): Probe<ArraySeen> {
  const standing = arrayStanding(storage.facts, storage.uuids);
  const where = `the array of ${of.serial}`;
  switch (standing.is) {
    case 'wrong':
      return blocked(standing.code, seen, `${where}: ${standing.why}`);
    case 'absent':
      return todo(seen, `${where} is not made yet`);
    case 'half-made':
      return todo(seen, `${where} was begun: superblocks on ${standing.members.join(', ')}`, { begun: true });
    case 'stopped':
      return todo(seen, `${where} is stopped`);
    case 'whole':
      if (!seen.told) return todo(seen, `${where} runs, and mdadm is not told of it`, { begun: true });
      if (seen.initramfs === 'older')
        return todo(seen, `${where} runs, and the initial file system lacks it`, { begun: true });
      return done(seen, `${where} is whole: raid10 of ${standing.array.slots} disks, ${standing.array.syncAction}`);
  }
}

async function seenOf({ access, uuids, facts }: Storage, { signal }: Pick<StepContext, 'signal'>): Promise<ArraySeen> {
  const standing = arrayStanding(facts, uuids);
  const config = await readRemoteFile(access.ssh, configPath, { signal });
  const image = await command(access.ssh, script('initramfs-age', initramfsScript, configPath), { signal });
  return {
    standing: standing.is,
    ...(standing.is === 'whole'
      ? { kernelName: standing.array.kernelName, bytes: standing.array.bytes, syncAction: standing.array.syncAction }
      : {}),
    told: namesArray(config ?? '', lineOf({ uuids })),
    initramfs: image === 'none' || image === 'newer' ? image : 'older',
  };
}

async function refreshInitramfs(ssh: Ssh, context: StepContext): Promise<void> {
  const image = await command(ssh, script('initramfs-age', initramfsScript, configPath), { signal: context.signal });
  if (image !== 'older') return;
  await longWork(ssh, context, { what: initramfs, argv: script('update-initramfs', updateInitramfsScript) });
}

function lineOf({ uuids }: Pick<Storage, 'uuids'>): string {
  return `ARRAY /dev/md/${arrayName} metadata=1.2 UUID=${mdUuid(uuids)}`;
}
