import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import type { CableEnd } from './cables.ts';
import { socketPath } from './cables.ts';
import type { HostDisk } from './disks.ts';
import { hostDisks, makeDisk } from './disks.ts';
import type { HostHardware } from './hardware.ts';
import { hardwareOf } from './hardware.ts';
import { findHostImage } from './image.ts';
import type { Nic } from './machine.ts';
import { machineArguments, nicName } from './machine.ts';
import type { Qmp } from './qmp.ts';
import { openQmp } from './qmp.ts';
import type { Ran } from './shell.ts';
import { runInGuest } from './shell.ts';

export { byId } from './disks.ts';
export type { HostDisk } from './disks.ts';
export type { Nic } from './machine.ts';
export { makeCable } from './cables.ts';
export { nicName } from './machine.ts';

export type HostOptions = {
  stateDir: string;
  /** Its hostname; unique under the state folder. Default `host`. */
  name?: string;
  /** What its firmware says of itself. Default `LAB-<name>`, in capitals. */
  serial?: string;
  /** Its cards beside the management's, in order. Default two with nothing plugged in. */
  nics?: readonly { cable?: CableEnd }[];
  /** systemd-networkd's files that it has from its first boot on, by name: `20-uplink.network`. */
  networks?: Readonly<Record<string, string>>;
  /** Default 1536. */
  memoryMb?: number;
  /** Default 1: two that wait for each other make little headway on cores that others use. */
  cpus?: number;
  detached?: boolean;
};

export type LabHost = HostHardware & {
  readonly name: string;
  readonly serial: string;
  /** As root, on 127.0.0.1. */
  readonly ssh: { readonly host: string; readonly port: number; readonly user: 'root'; readonly keyFile: string };
  /** The private key of `ssh.keyFile`, in OpenSSH's form. */
  readonly privateKey: string;
  /** Its public host key, `<type> <key> <comment>`, as it was at its first boot. */
  readonly hostKey: string;
  /** Has the lab's own way in pin another host key from now on. */
  pinHostKey: (line: string) => void;
  readonly disks: readonly HostDisk[];
  readonly nics: readonly Nic[];
  readonly process: () => LabProcess;
  /** Runs a shell command as root, however it ends. @throws GantryError LAB_PART_FAILED when the guest does not answer */
  run: (command: string, withinMs?: number) => Promise<Ran>;
  /** The same for one that must succeed; its standard output, without the last newline. @throws GantryError LAB_PART_FAILED */
  ok: (command: string, withinMs?: number) => Promise<string>;
  /** The power fails: what the guest did not flush is in no hurry to be kept. */
  powerCut: () => Promise<void>;
  /** Switched on again, on the disks as they are; resolves when the system is up. @throws GantryError LAB_PART_FAILED */
  powerOn: () => Promise<void>;
  stop: () => Promise<void>;
};

/**
 * A boot took 99 s under `nice -n 19` beside a load of 15 on 2 cores (77 s by the guest's own `systemd-analyze`): guests and
 * test files share the cores.
 */
const bootWithinMs = 900_000;

/**
 * Boots a compute host of the lab: Debian 12 on a RAID1 of two 1 TB NVMe disks, four blank ones of 4 TB, a management card and
 * two more, all of it played by qemu without acceleration, in 1.0 to 1.6 GB of this machine's memory. Its disks are sparse
 * files and layers below the state folder: the image itself is never written. Resolves when its system is up and it takes
 * logins.
 *
 * `/dev/kvm` is there: the processor is an AMD whose SVM qemu plays as well. There is no snapshot of a booted guest to start
 * from: qemu 7.2 refused `savevm` with an NVMe disk ("State blocked by non-migratable device").
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED; nothing is left running then
 */
export async function startHost(options: HostOptions): Promise<LabHost> {
  const { stateDir, name = 'host', memoryMb = 1536, cpus = 1, networks = {} } = options;
  const serial = options.serial ?? `LAB-${name.toUpperCase()}`;
  const image = await findHostImage();
  const dir = join(stateDir, 'hosts', name);
  mkdirSync(dir, { recursive: true });
  const [login, identity] = [ssh2.utils.generateKeyPairSync('ed25519'), ssh2.utils.generateKeyPairSync('ed25519')];
  const keyFile = join(dir, 'id_ed25519');
  writeFileSync(keyFile, login.private, { mode: 0o600 });
  const given = writeGiven(dir, {
    hostname: `${name}\n`,
    authorized_keys: `${login.public}\n`,
    ssh_host_ed25519_key: identity.private,
    ...Object.fromEntries(Object.entries(networks).map(([file, text]) => [`network/${file}`, text])),
  });
  const disks = hostDisks(dir, serial);
  for (const disk of disks) await makeDisk(disk, image);
  const nics = (options.nics ?? [{}, {}]).map(({ cable }, at): Nic => ({
    id: `nic${at}`,
    name: nicName(at),
    mac: macOf(serial, at),
    ...(cable ? { cable } : {}),
  }));
  const sshPort = await freePort();
  const qmpSocket = socketPath(stateDir, `${name}.qmp`);
  const consoleFile = join(dir, 'console.log');
  const access = { port: sshPort, privateKey: login.private, hostKey: keyOf(identity.public) };

  const run: LabHost['run'] = (command, withinMs) => runInGuest(access, command, withinMs);
  const ok: LabHost['ok'] = async (command, withinMs) => {
    const { code, stdout, stderr } = await run(command, withinMs);
    if (code === 0) return stdout.trimEnd();
    throw new GantryError('LAB_PART_FAILED', `${name}: "${command}" gave ${code}: ${(stderr || stdout).trim()}`);
  };
  const up = async (): Promise<boolean> =>
    ['running', 'degraded'].includes((await run('systemctl is-system-running', 30_000)).stdout.trim());

  let running: LabProcess | undefined;
  let monitor: Qmp | undefined;
  const hardware = hardwareOf({ name, image, disks, nics, ok, qmp: () => monitor as Qmp });
  const powerOn = async (): Promise<void> => {
    running = await startProcess({
      stateDir,
      name,
      part: 'host',
      command: image.qemu,
      args: machineArguments({
        ...{ name, serial, uuid: uuidOf(serial), memoryMb, cpus, sshPort, nics, given, qmpSocket, consoleFile },
        ...{ disks: hardware.plugged(), managementMac: macOf(serial, 255) },
      }),
      ports: [sshPort],
      endpoints: { ssh: `root@127.0.0.1:${sshPort}`, keyFile, consoleFile },
      ready: up,
      readyWithinMs: bootWithinMs,
      ...(options.detached === undefined ? {} : { detached: options.detached }),
    });
    monitor = await openQmp(qmpSocket);
  };
  const powerCut = async (): Promise<void> => {
    monitor?.close();
    await running?.kill();
  };
  try {
    await powerOn();
  } catch (error) {
    await powerCut();
    throw error;
  }
  return {
    ...{ name, serial, privateKey: login.private, hostKey: identity.public, disks, nics, run, ok, ...hardware },
    ssh: { host: '127.0.0.1', port: sshPort, user: 'root', keyFile },
    process: () => running as LabProcess,
    pinHostKey: (line) => void (access.hostKey = keyOf(line)),
    powerCut,
    powerOn,
    stop: powerCut, // its disks are thrown away: nothing is gained by a shutdown
  };
}

/** Whether a host that was cut off or rebooted takes logins again and its system is up. */
export async function hostIsBack({ run }: Pick<LabHost, 'run'>, withinMs = bootWithinMs): Promise<boolean> {
  const up = async (): Promise<boolean> =>
    ['running', 'degraded'].includes((await run('systemctl is-system-running', 30_000)).stdout.trim());
  return (await until(up, withinMs, 500)) === true;
}

function writeGiven(dir: string, texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).map(([what, text]) => {
      const file = join(dir, what.replaceAll('/', '.'));
      writeFileSync(file, text, { mode: 0o600 });
      return [what, file];
    }),
  );
}

/** Guests of one image would share a machine id, and by it the address of their bonds: each takes its own from its serial. */
function uuidOf(serial: string): string {
  const hex = createHash('sha256').update(`machine ${serial}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A local address: qemu's own prefix, then what the serial gives, then the card's number. */
function macOf(serial: string, card: number): string {
  const digest = createHash('sha256').update(`card ${serial}`).digest('hex');
  return ['52:54:00', digest.slice(0, 2), digest.slice(2, 4), card.toString(16).padStart(2, '0')].join(':');
}

/** The key itself, of a line `<type> <key> <comment>`. */
function keyOf(line: string): string {
  return line.split(' ')[1] ?? '';
}
