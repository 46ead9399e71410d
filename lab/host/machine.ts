import type { CableEnd } from './cables.ts';
import type { HostDisk } from './disks.ts';
import { blockDevice, nvmeDevice } from './disks.ts';

export type Nic = {
  /** qemu's id of the card. */
  readonly id: string;
  /** What the guest's kernel calls it: by its slot, the same at every boot. */
  readonly name: string;
  readonly mac: string;
  readonly cable?: CableEnd;
};

export type Machine = {
  name: string;
  serial: string;
  /** Becomes the guest's machine id. */
  uuid: string;
  memoryMb: number;
  cpus: number;
  sshPort: number;
  disks: readonly HostDisk[];
  nics: readonly Nic[];
  managementMac: string;
  qmpSocket: string;
  consoleFile: string;
  /** Name → file: what the guest reads from its firmware at its first boot. */
  given: Readonly<Record<string, string>>;
};

/**
 * All that qemu plays, as an AMD of a family that Linux takes for safe from speculative stores (its `NO_SSB`): a host is refused
 * where the kernel calls its processor vulnerable, and qemu plays no switch against that.
 */
const processor = 'max,la57=off,family=15,model=107';

/**
 * The arguments of a qemu that plays a compute host without hardware acceleration (with it, guests hang where this machine is
 * itself a guest). The management card is slirp's: it reaches nothing, and is reached by SSH over loopback alone. The other
 * cards call themselves 25 Gb/s.
 *
 * One more processor could be plugged in: for a guest that can only ever have one qemu compiles no memory barriers. A driver's
 * look at the event index then overtakes its write of the doorbell, and a disk is never told of its next command ("I/O timeout",
 * after which the kernel removes it; seen within a minute of random I/O on four disks, and not in four minutes with the barriers).
 */
export function machineArguments(machine: Machine): string[] {
  const { name, serial, uuid, disks, nics } = machine;
  const json = (value: Record<string, unknown>): string => JSON.stringify(value);
  const device = (value: Record<string, unknown>): string[] => ['-device', json(value)];
  return [
    ...['-name', name, '-machine', 'q35', '-accel', 'tcg,thread=multi', '-cpu', processor],
    ...['-smp', `${machine.cpus},maxcpus=${machine.cpus + 1}`, '-m', String(machine.memoryMb), '-uuid', uuid],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-rtc', 'base=utc'],
    ...['-smbios', `type=1,manufacturer=Gantry,product=Compute Host,serial=${serial}`],
    ...['-smbios', `type=2,manufacturer=Gantry,product=Compute Host,serial=${serial}-B`],
    ...['-chardev', `file,id=console,append=on,path=${escaped(machine.consoleFile)}`, '-serial', 'chardev:console'],
    ...['-qmp', `unix:${escaped(machine.qmpSocket)},server=on,wait=off`],
    ...device({ driver: 'virtio-rng-pci' }),
    ...Object.entries(machine.given).flatMap(([what, file]) => [
      '-fw_cfg',
      `name=opt/gantry/${what},file=${escaped(file)}`,
    ]),
    ...['-netdev', `user,id=management,restrict=on,hostfwd=tcp:127.0.0.1:${machine.sshPort}-10.0.2.15:22`],
    ...device({ driver: 'virtio-net-pci', netdev: 'management', mac: machine.managementMac, addr: '0x2' }),
    ...nics.flatMap(({ id, mac, cable }, at) => [
      ...(cable ? ['-netdev', json(wire(`wire-${id}`, cable))] : []),
      ...device({
        ...{ driver: 'virtio-net-pci', id, mac, addr: `0x${at + 3}`, speed: 25_000, duplex: 'full' },
        ...(cable ? { netdev: `wire-${id}` } : {}),
      }),
    ]),
    ...disks.flatMap((disk, at) => [
      ...device({
        driver: 'pcie-root-port',
        id: `slot${at}`,
        chassis: at + 1,
        slot: at + 1,
        addr: `0x${(at + 16).toString(16)}`,
      }),
      ...['-blockdev', json(blockDevice(disk))],
      ...device(nvmeDevice(disk, at)),
    ]),
  ];
}

/** What the kernel calls the card in this place. */
export function nicName(at: number): string {
  return `enp0s${at + 3}`;
}

function wire(id: string, { own, other }: CableEnd): Record<string, unknown> {
  const at = (path: string): Record<string, string> => ({ type: 'unix', path });
  return { type: 'dgram', id, local: at(own), remote: at(other) };
}

/** A comma ends a value in qemu's options, two are one of the value's own. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}
