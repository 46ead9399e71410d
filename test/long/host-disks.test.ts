import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assembleArray } from '../../activities/host/disks/assemble-array.ts';
import { clearDisks } from '../../activities/host/disks/clear-disks.ts';
import { makeFilesystem } from '../../activities/host/disks/make-filesystem.ts';
import { mountStorage } from '../../activities/host/disks/mount-storage.ts';
import { partitionArray } from '../../activities/host/disks/partition-array.ts';
import { checkHardware } from '../../activities/host/hardware/check-hardware.ts';
import { hostUuids } from '../../activities/host/identity/uuid-v5.ts';
import { verifyIdentity } from '../../activities/host/identity/verify-identity.ts';
import type { HostDeps } from '../../activities/host/index.ts';
import { hostAccess } from '../../activities/host/index.ts';
import { changeHostKey, fillOsDisk, freeOsDisk } from '../../lab/host/faults.ts';
import type { LabHost } from '../../lab/host/index.ts';
import { byId, startHost } from '../../lab/host/index.ts';
import { writeHostPlatform } from '../../lab/host/platform.ts';
import type { SshPool } from '../../src/drivers/ssh/index.ts';
import { createSshPool } from '../../src/drivers/ssh/index.ts';
import { hostInventory, loadPlatform } from '../../src/platform/index.ts';
import type { StepDefinition } from '../../src/steps/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { describeWith } from '../support/lab.ts';
import { doStep, playedContext } from '../support/played-host.ts';
import { playNodes } from '../support/played-nodes.ts';

/** Of one test: a guest without acceleration, on cores that others use. */
const timeout = 1_200_000;
const serial = 'LAB0101';
const of = { serial, generation: 1 };
const uuids = hostUuids(serial, 1);
const storage = [assembleArray, partitionArray, makeFilesystem, mountStorage] as StepDefinition<
  typeof of,
  unknown,
  HostDeps
>[];

await describeWith(['host'], 'the disks of a compute host', () => {
  let stateDir: string;
  let host: LabHost;
  let pool: SshPool;
  let runs = 0;
  const data = () => host.disks.filter(({ role }) => role === 'data');
  const deps = (asked = serial): HostDeps => {
    const { platform } = loadPlatform(join(stateDir, 'platform.yaml'));
    const inventory = hostInventory(platform, serial);
    const access = hostAccess({ ...inventory, serial: asked }, pool, (ref) =>
      readFileSync('file' in ref ? ref.file : '', 'utf8'),
    );
    return {
      hosts: () => access,
      nodes: () => playNodes(),
      fleet: () => ({ serials: [serial], quarantine: 'report' }),
      inventory: platform.hosts,
      log: createLog('silent'),
    };
  };
  /** As a run of its own: its units have names of their own. */
  const makeAll = async () => {
    runs += 1;
    const done: { step: (typeof storage)[number]; changed: boolean; before: unknown; unit: string }[] = [];
    for (const [at, step] of storage.entries()) {
      const unit = `host/${serial}/run-${runs}/${at}`;
      done.push({ step, unit, ...(await doStep(step, of, deps(), playedContext({ unit }))) });
    }
    return done;
  };
  const undoAll = async (done: Awaited<ReturnType<typeof makeAll>>) => {
    for (const { step, before, unit } of done.reverse()) await step.undo?.(of, before, deps(), playedContext({ unit }));
  };
  /** What is left on the disks: signatures, and whether anything but zeros is in their first and last MiB. */
  const edges = async (): Promise<string> => {
    const paths = data().map(byId).join(' ');
    const ends = '{ head -c 1048576 $disk; tail -c 1048576 $disk; }';
    return host.ok(`for disk in ${paths}; do wipefs $disk; ${ends} | tr -d '\\0' | head -c 1 | wc -c; done | sort -u`);
  };

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    host = await startHost({ stateDir, serial });
    pool = createSshPool();
    writeHostPlatform({ stateDir, host });
  }, timeout);
  afterAll(async () => {
    pool?.close();
    await host?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('are those of the host that is meant, which keeps its generation', { timeout }, async () => {
    expect(await doStep(verifyIdentity, of, deps())).toMatchObject({ changed: true });
    expect(await doStep(verifyIdentity, of, deps())).toMatchObject({ changed: false });
    const other = { serial: 'LAB0102', generation: 1 };
    await expect(doStep(verifyIdentity, other, deps('LAB0102'))).rejects.toMatchObject({ code: 'HOST_OTHER_SERIAL' });
    await expect(doStep(checkHardware, of, deps())).resolves.toMatchObject({
      after: { mismatches: [], cpus: 1, ecc: expect.stringContaining('ECC') as string },
    });
  });

  test('become mounted XFS, a second run changes nothing, and its undo neither', { timeout }, async () => {
    expect(await edges()).toBe('0');
    expect(await doStep(clearDisks, { ...of, wipes: [] }, deps())).toMatchObject({ changed: false });
    const first = await makeAll();
    expect(first.map(({ changed }) => changed)).toEqual([true, true, true, true]);
    expect(await host.ok('findmnt -rno FSTYPE,UUID -M /srv/vm')).toBe(`xfs ${uuids.filesystem}`);
    expect(await host.ok('cat /sys/block/$(basename $(readlink -f /dev/md/gantry))/md/degraded')).toBe('0');
    expect(await host.ok('lsblk -no PARTUUID /dev/md/gantry | grep .')).toBe(uuids.partition);
    expect((await host.run('unshare -m sh -c "umount /srv/vm && touch /srv/vm/x"')).stderr).toContain('not permitted');
    const again = await makeAll();
    expect(again.map(({ changed }) => changed)).toEqual([false, false, false, false]);
    await undoAll(again);
    expect(await host.ok('findmnt -no UUID -M /srv/vm')).toBe(uuids.filesystem);

    await undoAll(first);
    expect((await host.run('findmnt -M /srv/vm')).code).not.toBe(0);
    expect(await edges()).toBe('0');
    expect(
      await host.ok('ls -d /srv/vm 2>/dev/null; cat /etc/fstab /etc/mdadm/mdadm.conf | grep -cE "xfs|gantry"; true'),
    ).toBe('0');
  });

  test(
    'with something foreign on one of them park the run, and it keeps every byte until its token is given',
    { timeout },
    async () => {
      const [, second] = data();
      const path = byId(second ?? { serial: '' });
      await host.ok(`mkfs.xfs -q -L pics ${path}`);
      const guard = (): Promise<string> => host.ok(`head -c 16777216 ${path} | sha256sum`);
      const before = await guard();
      const seen = await clearDisks.probe({ ...of, wipes: [] }, deps(), playedContext());
      expect(seen).toMatchObject({ verdict: 'blocked', code: 'HOST_DISK_FOREIGN' });
      await expect(doStep(assembleArray, of, deps())).rejects.toMatchObject({ code: 'HOST_DISK_FOREIGN' });
      expect(await guard()).toBe(before);
      const digest = seen.observed.disks.find((one) => one.serial === second?.serial)?.digest ?? '';
      const wipes = [{ serial: second?.serial ?? '', digest }];
      await host.ok(`xfs_admin -L other ${path}`);
      await expect(doStep(clearDisks, { ...of, wipes }, deps())).rejects.toMatchObject({ code: 'HOST_WIPE_STALE' });
      await host.ok(`xfs_admin -L pics ${path}`);
      const now = await clearDisks.probe({ ...of, wipes: [] }, deps(), playedContext());
      const token = now.observed.disks.find((one) => one.serial === second?.serial)?.digest ?? '';
      expect(
        await doStep(clearDisks, { ...of, wipes: [{ serial: second?.serial ?? '', digest: token }] }, deps()),
      ).toMatchObject({ changed: true });
      expect(await edges()).toBe('0');
    },
  );

  test('in an array that is stopped are started, and one that lacks a member is refused', { timeout }, async () => {
    const first = await makeAll();
    await host.ok('umount /srv/vm && mdadm --stop /dev/md/gantry');
    const context = playedContext({ unit: `host/${serial}/stopped/1` });
    expect(await doStep(assembleArray, of, deps(), context)).toMatchObject({
      changed: true,
      before: { standing: 'stopped' },
    });
    const [pulled] = data();
    await host.pullDisk(pulled?.serial ?? '');
    await expect(doStep(assembleArray, of, deps())).rejects.toMatchObject({ code: 'HOST_ARRAY_INCOMPLETE' });
    await host.plugDisk(pulled?.serial ?? '');
    expect(first).toHaveLength(4);
    await host.ok('mdadm --stop /dev/md/gantry; true');
    await host.resetDisks();
  });

  test('are made once there is room on the disk of the system again', { timeout }, async () => {
    await host.ok("sed -i '/gantry/d' /etc/mdadm/mdadm.conf");
    await fillOsDisk(host);
    await expect(makeAll()).rejects.toMatchObject({
      code: expect.stringMatching(/HOST_SYSTEM_DISK_FULL|REMOTE_UNIT_FAILED/) as string,
    });
    await freeOsDisk(host);
    await makeAll();
    expect(await host.ok('findmnt -no UUID -M /srv/vm')).toBe(uuids.filesystem);
  });

  test('are not touched when the host shows another key', { timeout }, async () => {
    host.pinHostKey(await changeHostKey(host));
    pool.close();
    await expect(clearDisks.probe({ ...of, wipes: [] }, deps(), playedContext())).rejects.toMatchObject({
      code: 'SSH_FAILED',
      message: expect.stringContaining('host key') as string,
    });
  });
});
