import { describe, expect, it } from 'vitest';
import { assembleArray } from '../../../activities/host/disks/assemble-array.ts';
import { clearDisks } from '../../../activities/host/disks/clear-disks.ts';
import { makeFilesystem } from '../../../activities/host/disks/make-filesystem.ts';
import { mountStorage } from '../../../activities/host/disks/mount-storage.ts';
import { partitionArray } from '../../../activities/host/disks/partition-array.ts';
import { mdUuid } from '../../../activities/host/disks/paths.ts';
import { hostUuids } from '../../../activities/host/identity/uuid-v5.ts';
import type { StepDefinition } from '../../../src/steps/index.ts';
import type { HostDeps } from '../../../activities/host/index.ts';
import { digestOf, playDisks } from '../../support/played-disks.ts';
import { doStep, playedContext, playHost } from '../../support/played-host.ts';

const of = { serial: 'T1', generation: 1 };
const uuids = hostUuids('T1', 1);
const md = mdUuid(uuids);
const pics = { type: 'xfs', uuid: '0d6f1c1e-0000-4000-8000-000000000001', label: 'pics', offset: '0x0' };
const acts = [
  'create-array',
  'start-array',
  'wipe-disk',
  'partition-array',
  'make-filesystem',
  'mount-storage',
  'seal-mount-point',
];

const steps = [assembleArray, partitionArray, makeFilesystem, mountStorage] as StepDefinition<
  typeof of,
  unknown,
  HostDeps
>[];

function setUp() {
  const host = playHost();
  const storage = playDisks(host);
  const acted = (): string[] => host.sent.map(([name = '']) => name).filter((name) => acts.includes(name));
  return { host, storage, acted, deps: host.deps };
}

async function makeAll({ deps }: ReturnType<typeof setUp>) {
  const done = [];
  for (const [at, step] of steps.entries())
    done.push({ step, ...(await doStep(step, of, deps, playedContext({ unit: `host/T1/run-1/${at}` }))) });
  return done;
}

describe('the disks of a host', () => {
  it('become mounted VM storage, and a second run changes nothing', async () => {
    const scene = setUp();
    expect((await makeAll(scene)).map(({ changed }) => changed)).toEqual([true, true, true, true]);
    expect(scene.storage).toMatchObject({
      array: { uuid: md, active: true },
      table: { uuid: uuids.label, partition: uuids.partition, name: 'vm-g1' },
      filesystem: { uuid: uuids.filesystem, label: 'vm-g1' },
      mounted: true,
      folder: { sealed: true },
    });
    expect(scene.host.files.get('/etc/mdadm/mdadm.conf')).toBe(`ARRAY /dev/md/gantry metadata=1.2 UUID=${md}\n`);
    expect(scene.host.files.get('/etc/fstab')).toBe(
      `UUID=aaaa / ext4 errors=remount-ro 0 1\nUUID=${uuids.filesystem} /srv/vm xfs noatime,nofail,x-systemd.device-timeout=5min 0 0\n`,
    );
    expect(scene.host.files.get('/etc/systemd/system/metald.service.d/50-gantry-storage.conf')).toContain(
      'RequiresMountsFor=/srv/vm',
    );
    const before = scene.acted().length;
    expect((await makeAll(scene)).map(({ changed }) => changed)).toEqual([false, false, false, false]);
    expect(scene.acted()).toHaveLength(before);
  });

  it('are blank again after the undo, last first', async () => {
    const scene = setUp();
    const { host, storage, deps } = scene;
    const [fstab] = [host.files.get('/etc/fstab')];
    host.files.set('/etc/mdadm/mdadm.conf', 'HOMEHOST <system>\n');
    for (const { step, before } of (await makeAll(scene)).reverse())
      await step.undo?.(of, before, deps, playedContext());
    expect(storage).toMatchObject({ array: undefined, table: undefined, filesystem: undefined, mounted: false });
    expect(storage.folder).toEqual({ exists: false, sealed: false, entries: [] });
    expect(storage.disks.every(({ member, signatures }) => !member && signatures.length === 0)).toBe(true);
    expect(host.files.get('/etc/fstab')).toBe(fstab);
    expect(host.files.get('/etc/mdadm/mdadm.conf')).toBe('HOMEHOST <system>\n');
    expect([...host.files.keys()].filter((path) => path.includes('gantry'))).toEqual([]);
  });

  it('keep what a former run made when a second run over them is undone', async () => {
    const scene = setUp();
    await makeAll(scene);
    for (const { step, before } of (await makeAll(scene)).reverse())
      await step.undo?.(of, before, scene.deps, playedContext());
    expect(scene.storage).toMatchObject({ array: { active: true }, mounted: true, folder: { sealed: true } });
    expect(scene.storage.filesystem?.uuid).toBe(uuids.filesystem);
    expect(scene.host.files.get('/etc/fstab')).toContain(uuids.filesystem);
  });

  it.each(['create-array', 'partition-array', 'make-filesystem', 'mount-storage'])(
    'come to the same end when the connection is lost around %s',
    async (name) => {
      for (const when of ['before', 'after'] as const) {
        const scene = setUp();
        scene.host.cut(name, when);
        await expect(makeAll(scene)).rejects.toMatchObject({ code: 'SSH_FAILED' });
        await makeAll(scene);
        expect(scene.storage).toMatchObject({ array: { uuid: md, active: true }, mounted: true });
        expect(scene.acted().filter((one) => one === name).length).toBeLessThanOrEqual(2);
      }
    },
  );
});

describe('host.clear-disks', () => {
  const clear = (scene: ReturnType<typeof setUp>, wipes: { serial: string; digest: string }[] = []) =>
    doStep(clearDisks, { ...of, wipes }, scene.deps);

  it('parks on what is not ours, with the evidence and the token, and touches nothing', async () => {
    const scene = setUp();
    scene.storage.disk('T1-DATA2').signatures = [pics];
    const token = `T1-DATA2@${digestOf(scene.storage.disk('T1-DATA2'))}`;
    await expect(clear(scene)).rejects.toMatchObject({
      code: 'HOST_DISK_FOREIGN',
      message: expect.stringContaining(`xfs “pics” ${pics.uuid}; to wipe it: --wipe ${token}`) as string,
    });
    await expect(doStep(assembleArray, of, scene.deps)).rejects.toMatchObject({ code: 'HOST_DISK_FOREIGN' });
    expect(scene.acted()).toEqual([]);
  });

  it('takes data without a signature, an array of another host and one of a former life for foreign', async () => {
    for (const change of [
      { data: true },
      { member: { uuid: mdUuid(hostUuids('T2', 1)), events: 5 } },
      { member: { uuid: mdUuid(hostUuids('T1', 2)), events: 5 } },
    ]) {
      const scene = setUp();
      Object.assign(scene.storage.disk('T1-DATA1'), change);
      await expect(clear(scene)).rejects.toMatchObject({ code: 'HOST_DISK_FOREIGN' });
    }
  });

  it('wipes exactly what the token was given for', async () => {
    const scene = setUp();
    scene.storage.disk('T1-DATA2').signatures = [pics];
    const digest = digestOf(scene.storage.disk('T1-DATA2'));
    expect(await clear(scene, [{ serial: 'T1-DATA2', digest }])).toMatchObject({ changed: true });
    expect(scene.storage.disk('T1-DATA2').signatures).toEqual([]);
    expect(scene.acted()).toEqual(['wipe-disk']);
  });

  it('does not wipe a disk that a person has changed since the plan', async () => {
    const scene = setUp();
    const disk = scene.storage.disk('T1-DATA2');
    disk.signatures = [pics];
    const wipes = [{ serial: 'T1-DATA2', digest: digestOf(disk) }];
    disk.signatures = [{ ...pics, uuid: '0d6f1c1e-0000-4000-8000-000000000002' }];
    await expect(clear(scene, wipes)).rejects.toMatchObject({ code: 'HOST_WIPE_STALE' });
    expect(scene.acted()).toEqual([]);
  });

  it('does not wipe a disk that a person changes between the look and the wipe: the host itself compares', async () => {
    const scene = setUp();
    const disk = scene.storage.disk('T1-DATA2');
    disk.signatures = [pics];
    const input = { ...of, wipes: [{ serial: 'T1-DATA2', digest: digestOf(disk) }] };
    const look = scene.deps.hosts;
    const probed = await clearDisks.probe(input, scene.deps, playedContext());
    let commands = 0;
    const racing = {
      ...scene.deps,
      hosts: async (serial: string) => {
        const access = await look(serial);
        const run: typeof access.ssh.run = async (...given) => {
          commands += 1;
          if (commands === 3) disk.signatures = [{ ...pics, label: 'new' }];
          return access.ssh.run(...given);
        };
        return { ...access, ssh: { where: access.ssh.where, run } };
      },
    };
    await expect(clearDisks.apply?.(input, probed.observed, racing, playedContext())).rejects.toMatchObject({
      code: 'HOST_WIPE_STALE',
    });
    expect(disk.signatures).toMatchObject([{ label: 'new' }]);
  });

  it('goes on with a wipe that was begun, unless something came to the disk since', async () => {
    const scene = setUp();
    const disk = scene.storage.disk('T1-DATA2');
    disk.signatures = [pics];
    const digest = digestOf(disk);
    Object.assign(disk, { signatures: [], data: true, wiping: { digest, signatures: [pics] } });
    expect(await clear(scene, [{ serial: 'T1-DATA2', digest }])).toMatchObject({ changed: true });
    Object.assign(disk, {
      signatures: [{ ...pics, type: 'ext4', offset: '0x438' }],
      wiping: { digest, signatures: [pics] },
    });
    await expect(clear(scene, [{ serial: 'T1-DATA2', digest }])).rejects.toMatchObject({ code: 'HOST_WIPE_STALE' });
  });

  it('never wipes a disk that is in use, or that carries the system, whatever token is given', async () => {
    const scene = setUp();
    const disk = scene.storage.disk('T1-DATA2');
    Object.assign(disk, { signatures: [pics], mountedAt: '/mnt' });
    await expect(clear(scene, [{ serial: 'T1-DATA2', digest: digestOf(disk) }])).rejects.toMatchObject({
      code: 'HOST_DISK_BUSY',
    });
    disk.mountedAt = '/';
    await expect(clear(scene, [{ serial: 'T1-DATA2', digest: digestOf(disk) }])).rejects.toMatchObject({
      code: 'HOST_DISK_IS_SYSTEM',
    });
    expect(scene.acted()).toEqual([]);
  });

  it('refuses a host that lacks a disk', async () => {
    const scene = setUp();
    scene.storage.disk('T1-DATA3').gone = true;
    await expect(clear(scene)).rejects.toMatchObject({
      code: 'HOST_DISK_MISSING',
      message: expect.stringContaining('T1-DATA3') as string,
    });
  });

  it('decides nothing when it cannot be told which disks the system lies on', async () => {
    const scene = setUp();
    scene.host.play({ 'read-root': () => ({ code: 1 }) });
    await expect(clear(scene)).rejects.toMatchObject({ code: 'HOST_ANSWER_UNREADABLE' });
  });
});

describe('host.assemble-array', () => {
  const assemble = (scene: ReturnType<typeof setUp>) => doStep(assembleArray, of, scene.deps);

  it('goes on with an array of which a killed run made no more than superblocks', async () => {
    const scene = setUp();
    for (const serial of ['T1-DATA1', 'T1-DATA2']) scene.storage.disk(serial).member = { uuid: md, events: 0 };
    expect(await assemble(scene)).toMatchObject({ changed: true, before: { standing: 'half-made' } });
    expect(scene.acted()).toEqual(['create-array']);
  });

  it('starts one that is stopped, and its undo stops it again', async () => {
    const scene = setUp();
    for (const disk of scene.storage.disks.slice(2)) disk.member = { uuid: md, events: 40 };
    const { before } = await assemble(scene);
    expect(scene.acted()).toEqual(['start-array']);
    await assembleArray.undo?.(of, before, scene.deps, playedContext());
    expect(scene.storage.array?.active).toBe(false);
    expect(scene.storage.disks.slice(2).every(({ member }) => member?.uuid === md)).toBe(true);
  });

  it('never makes an array again in which a blank disk has taken the place of a member', async () => {
    const scene = setUp();
    for (const serial of ['T1-DATA1', 'T1-DATA2', 'T1-DATA3'])
      scene.storage.disk(serial).member = { uuid: md, events: 40 };
    await expect(assemble(scene)).rejects.toMatchObject({ code: 'HOST_ARRAY_INCOMPLETE' });
    expect(scene.acted()).toEqual([]);
  });

  it('refuses one that is degraded, or lacks a disk', async () => {
    const scene = setUp();
    await assemble(scene);
    if (scene.storage.array) scene.storage.array.out = ['T1-DATA4'];
    await expect(assemble(scene)).rejects.toMatchObject({
      code: 'HOST_ARRAY_INCOMPLETE',
      message: expect.stringContaining('T1-DATA4') as string,
    });
    scene.storage.disk('T1-DATA4').gone = true;
    await expect(assemble(scene)).rejects.toMatchObject({ code: 'HOST_ARRAY_INCOMPLETE' });
  });

  it('finds what its predecessor started, and starts nothing twice', async () => {
    const scene = setUp();
    scene.host.holdUnits = true;
    const stop = new AbortController();
    const context = playedContext({ signal: stop.signal });
    const first = doStep(assembleArray, of, scene.deps, context);
    await expect.poll(() => scene.host.units.size).toBe(1);
    stop.abort(new Error('the worker died'));
    await expect(first).rejects.toThrow();
    scene.host.endUnits();
    expect(await doStep(assembleArray, of, scene.deps, playedContext({ attempt: 2 }))).toMatchObject({ changed: true });
    expect(scene.acted()).toEqual(['create-array']);
  });

  it('says so when the disk of the system is full', async () => {
    const scene = setUp();
    scene.host.play({ 'update-initramfs': () => ({ code: 1, stdout: 'cp: error writing: No space left on device' }) });
    await expect(assemble(scene)).rejects.toMatchObject({ code: 'HOST_SYSTEM_DISK_FULL' });
  });
});

describe('what lies on the array', () => {
  it('is left alone when it is not ours', async () => {
    const scene = setUp();
    await doStep(assembleArray, of, scene.deps);
    scene.storage.onArray = [pics];
    await expect(doStep(partitionArray, of, scene.deps)).rejects.toMatchObject({ code: 'HOST_ARRAY_FOREIGN' });
    scene.storage.onArray = [];
    await doStep(partitionArray, of, scene.deps);
    scene.storage.filesystem = { type: 'ext4', uuid: pics.uuid, label: 'pics', unfinished: false };
    await expect(doStep(makeFilesystem, of, scene.deps)).rejects.toMatchObject({ code: 'HOST_ARRAY_FOREIGN' });
    expect(scene.storage.filesystem.label).toBe('pics');
  });

  it('is made again where a mkfs of ours did not get to its end, and nowhere else', async () => {
    const scene = setUp();
    await doStep(assembleArray, of, scene.deps);
    await doStep(partitionArray, of, scene.deps);
    scene.storage.filesystem = { type: 'xfs', uuid: uuids.filesystem, label: 'vm-g1', unfinished: true };
    expect(await doStep(makeFilesystem, of, scene.deps)).toMatchObject({ changed: true });
    expect(await doStep(makeFilesystem, of, scene.deps)).toMatchObject({ changed: false });
  });
});

describe('host.mount-storage', () => {
  it('refuses a mount point with files on the disk of the system, or with a line of another file system', async () => {
    const scene = setUp();
    scene.storage.folder = { exists: true, sealed: false, entries: ['vm-17'] };
    await expect(doStep(mountStorage, of, scene.deps)).rejects.toMatchObject({ code: 'HOST_MOUNT_TAKEN' });
    scene.storage.folder.entries = [];
    scene.host.files.set('/etc/fstab', 'LABEL=old /srv/vm ext4 defaults 0 2\n');
    await expect(doStep(mountStorage, of, scene.deps)).rejects.toMatchObject({ code: 'HOST_MOUNT_TAKEN' });
    expect(scene.acted()).toEqual([]);
  });

  it('is not undone while there are files on it', async () => {
    const scene = setUp();
    const done = await makeAll(scene);
    scene.storage.files.push('vm-1.img');
    await expect(
      mountStorage.undo?.(of, done.at(-1)?.before as never, scene.deps, playedContext()),
    ).rejects.toMatchObject({
      code: 'HOST_STORAGE_IN_USE',
    });
    expect(scene.storage.mounted).toBe(true);
  });
});
