import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { changeHostKey, fillOsDisk, freeOsDisk, setClockOff, setClockRight } from '../../lab/host/faults.ts';
import type { LabHost } from '../../lab/host/index.ts';
import { byId, startHost } from '../../lab/host/index.ts';
import { describeWith } from '../support/lab.ts';

/** Of one test: a guest without acceleration, on cores that others use. */
const timeout = 1_200_000;

await describeWith(['host'], "the lab's compute host", () => {
  let stateDir: string;
  let host: LabHost;
  const data = () => host.disks.filter(({ role }) => role === 'data');
  const carrier = async (nic: string): Promise<string> => host.ok(`cat /sys/class/net/${nic}/carrier`);

  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
    host = await startHost({ stateDir, serial: 'LAB0042' });
  }, timeout);
  afterAll(async () => {
    await host?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('calls itself what its firmware says', async () => {
    expect(await host.ok('cat /sys/class/dmi/id/product_serial; hostname')).toBe('LAB0042\nhost');
    expect(await host.ok('dmidecode -s system-serial-number')).toBe('LAB0042');
    expect(await host.ok('dmidecode -t 16')).toContain('Error Correction Type: Multi-bit ECC');
  });

  test('shows its six disks under names that carry their serials', async () => {
    const shown = (await host.ok('ls /dev/disk/by-id')).split('\n').map((name) => `/dev/disk/by-id/${name}`);
    for (const disk of host.disks) expect(shown).toContain(byId(disk));
    const sizes = await host.ok(`for disk in ${host.disks.map(byId).join(' ')}; do blockdev --getsize64 $disk; done`);
    expect(sizes.split('\n').map((bytes) => Math.floor(Number(bytes) / 1e12))).toEqual([1, 1, 4, 4, 4, 4]);
  });

  test('has its system on an array over the pair of 1 TB disks', async () => {
    expect(await host.ok('findmnt -no SOURCE /')).toBe('/dev/md0');
    const under = await host.ok('lsblk -sno SERIAL,TYPE /dev/md0 | awk \'$2 == "disk" { print $1 }\' | sort');
    expect(under.split('\n')).toEqual(['LAB0042-OS1', 'LAB0042-OS2']);
  });

  test('starts with nothing on its data disks', async () => {
    for (const disk of data()) expect(await host.ok(`wipefs -n ${byId(disk)}`)).toBe('');
  });

  test('sees the carrier of one card go and come back, and the other card keeps its own', { timeout }, async () => {
    const [one, other] = host.nics.map(({ name }) => name) as [string, string];
    await host.ok(`ip link set ${one} up && ip link set ${other} up`);
    expect(await until(async () => (await carrier(one)) === '1', 60_000)).toBe(true);
    await host.setLink(one, 'down');
    expect(await until(async () => (await carrier(one)) === '0', 60_000)).toBe(true);
    expect(await carrier(other)).toBe('1');
    await host.setLink(one, 'up');
    expect(await until(async () => (await carrier(one)) === '1', 60_000)).toBe(true);
    expect(await host.ok(`cat /sys/class/net/${one}/speed`)).toBe('25000');
  });

  test('makes a RAID10 with XFS of its data disks, and has blank ones again after a reset', { timeout }, async () => {
    const disks = data().map(byId).join(' ');
    await host.ok(`mdadm --create /dev/md/data --level=10 --raid-devices=4 --bitmap=internal ${disks} </dev/null`);
    await host.ok('mkfs.xfs -q -L data /dev/md/data && mkdir -p /mnt/data && mount /dev/md/data /mnt/data');
    expect(await host.ok('findmnt -no FSTYPE /mnt/data')).toBe('xfs');
    await host.resetDisks();
    for (const disk of data()) {
      expect(await host.ok(`wipefs -n ${byId(disk)}`)).toBe('');
      expect(statSync(disk.file).blocks * 512).toBeLessThan(1_000_000);
    }
    expect(await host.ok("awk '/^md/ { print $1 }' /proc/mdstat")).toBe('md0');
  });

  test('goes on with an array whose disk is pulled, and shows it degraded', { timeout }, async () => {
    const disks = data().map(byId).join(' ');
    const [pulled] = data();
    await host.ok(`mdadm --create /dev/md/data --level=10 --raid-devices=4 --assume-clean ${disks} </dev/null`);
    await host.pullDisk(pulled?.serial ?? '');
    const degraded = 'cat /sys/block/$(basename $(readlink -f /dev/md/data))/md/degraded';
    expect(await until(async () => (await host.ok(degraded)) === '1', 60_000, 200)).toBe(true);
    expect(await host.ok('dd if=/dev/md/data of=/dev/null bs=1M count=8 iflag=direct 2>&1 && echo read')).toMatch(
      /read$/,
    );
    await host.plugDisk(pulled?.serial ?? '');
    await host.resetDisks();
  });

  test('has a disk for its system that can be filled up', { timeout }, async () => {
    await fillOsDisk(host);
    expect((await host.run('dd if=/dev/zero of=/root/more bs=1M count=1')).stderr).toContain('No space left on device');
    await freeOsDisk(host);
    await host.ok('dd if=/dev/zero of=/root/more bs=1M count=1 && rm /root/more');
  });

  test('has a clock that can be set off and right again', { timeout }, async () => {
    const offSeconds = async (): Promise<number> => Math.abs(Number(await host.ok('date +%s')) - Date.now() / 1_000);
    await setClockOff(host, 3_600);
    expect(await offSeconds()).toBeGreaterThan(3_000);
    await setClockRight(host);
    expect(await offSeconds()).toBeLessThan(600);
  });

  test('keeps through a power cut what was synced, and its boot id is another one', { timeout }, async () => {
    const [disk] = data();
    const before = await host.ok('cat /proc/sys/kernel/random/boot_id');
    await host.ok('echo kept >/root/kept && sync -f /root/kept');
    await host.ok(`mkfs.xfs -q ${byId(disk ?? { serial: '' })} && mount ${byId(disk ?? { serial: '' })} /mnt`);
    await host.ok('echo kept >/mnt/kept && sync -f /mnt/kept');
    await host.powerCut();
    await expect(host.run('true', 10_000)).rejects.toMatchObject({ code: 'LAB_PART_FAILED' });
    await host.powerOn();
    await host.ok(`mount ${byId(disk ?? { serial: '' })} /mnt`);
    expect(await host.ok('cat /root/kept /mnt/kept')).toBe('kept\nkept');
    expect(await host.ok('cat /proc/sys/kernel/random/boot_id')).not.toBe(before);
  });

  test(
    'boots by its own loader: what was put onto the command line of its kernel is there after a reboot',
    { timeout },
    async () => {
      const before = await host.ok('cat /proc/sys/kernel/random/boot_id');
      await host.ok(
        `echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX nosmt=force"' >/etc/default/grub.d/zz.cfg && update-grub`,
      );
      await host.run('systemctl reboot');
      const after = async (): Promise<boolean> =>
        (await host.ok('cat /proc/sys/kernel/random/boot_id', 30_000)) !== before;
      expect(await until(after, timeout, 1_000)).toBe(true);
      expect(await host.ok('cat /proc/cmdline')).toContain('nosmt=force');
    },
  );

  test("plays the node's daemons, which are well by their own word whatever they serve", { timeout }, async () => {
    await host.ok('systemctl start assetmanagerd billaged builderd metald');
    const healthy = 'for port in 9464 9465 9466 9467; do curl -sf http://127.0.0.1:$port/health || exit 1; done';
    expect(await until(async () => (await host.run(healthy)).code === 0, 300_000, 500)).toBe(true);
    const status = (url: string): Promise<string> => host.ok(`curl -s -o /dev/null -w '%{http_code}' ${url}`);
    expect(await status('http://127.0.0.1:9464/ready')).toBe('404');
    // In TLS mode `spiffe`, with no agent: plain HTTP.
    const metald = 'http://127.0.0.1:8080/vmprovisioner.v1.VmService';
    expect(await status(`-d '{}' ${metald}/GetVmInfo`)).toBe('401');
    const call = async (name: string, ask: string): Promise<{ vmId?: string; code?: string }> =>
      JSON.parse(
        await host.ok(
          `curl -s -H 'authorization: Bearer dev_user_a' -H 'x-tenant-id: a' -d '${ask}' ${metald}/${name}`,
        ),
      ) as { vmId?: string; code?: string };
    expect((await call('GetVmInfo', '{"vmId":"none"}')).code).toBe('not_found');
    const { vmId } = await call('CreateVm', '{}');
    await call('BootVm', JSON.stringify({ vmId }));
    expect(await host.ok('pgrep -fc "^firecracker "')).toBe('1');
    await host.ok('systemctl restart metald');
    expect(await host.run('pgrep -fc "^firecracker "')).toMatchObject({ code: 1, stdout: '0\n' });
    expect(await until(async () => (await call('GetVmInfo', JSON.stringify({ vmId }))).code, 300_000, 500)).toBe(
      'not_found',
    );
  });

  test('has a daemon that does not start when the agent is there and gives it no identity', { timeout }, async () => {
    await host.ok('mkdir -p /var/lib/spire/agent && touch /var/lib/spire/agent/agent.sock');
    const tried = await host.run('LAB_ATTESTATION_SECONDS=0 UNKEY_METALD_PORT=18080 /usr/local/bin/metald');
    expect(tried).toMatchObject({ code: 1, stderr: 'no identity issued\n' });
  });

  test('is refused by who pins its host key once that is another one', { timeout }, async () => {
    const changed = await changeHostKey(host);
    await expect(host.run('true')).rejects.toThrow('its host key is not the one that is pinned');
    host.pinHostKey(changed);
    expect(await host.ok('hostname')).toBe('host');
  });
});
