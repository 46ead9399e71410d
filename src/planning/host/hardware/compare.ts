import { clockVerdict } from './clock.ts';
import type { HardwareFacts, HardwareWanted, NicFacts } from './types.ts';

/** One difference between a host and its class: where, and what. */
export type Mismatch = { place: string; message: string };

export type HardwareVerdict = { mismatches: readonly Mismatch[]; warnings: readonly string[] };

/** What onboarding needs free on each file system of the system's: an initial file system, logs, records. */
const roomBytes = 512 * 1024 * 1024;
/** What the kernel keeps of the memory for itself, at most: 10 % covers crash kernels and small hosts. */
const usableShare = 0.9;
/** A disk of 4 TB has at least that much; vendors round up. */
const diskShare = 0.99;

/**
 * Everything in which a host differs from its class, at once. A reading that is missing counts as a mismatch where the class
 * asks for it. Pure.
 */
export function compareHardware(wanted: HardwareWanted, seen: HardwareFacts): HardwareVerdict {
  const mismatches: Mismatch[] = [];
  const warnings: string[] = [];
  const differs = (place: string, message: string): void => void mismatches.push({ place, message });
  if (seen.cpus !== wanted.cpus) differs('cpus', `${seen.cpus} CPUs, its class has ${wanted.cpus}`);
  if (wanted.cpuModels.length > 0 && !wanted.cpuModels.some((model) => isModel(seen.cpuModel, model))) {
    differs('cpuModels', `its CPUs are “${seen.cpuModel}”, not ${wanted.cpuModels.join(' or ')}`);
  }
  if (!seen.virtualisation) differs('virtualisation', 'its CPUs show neither vmx nor svm: turn it on in the firmware');
  if (!seen.kvm) differs('/dev/kvm', '/dev/kvm is not there, or cannot be opened for reading and writing');
  memory(wanted, seen, differs, warnings);
  disks(wanted, seen, differs);
  nics(wanted, seen, differs, warnings);
  if (wanted.kernels.length > 0 && !wanted.kernels.some((version) => seen.kernel.startsWith(version))) {
    differs('kernels', `its kernel is ${seen.kernel}, not ${wanted.kernels.map((one) => `${one}*`).join(' or ')}`);
  }
  if (!seen.cgroupV2) differs('cgroup', 'its control groups are not those of version 2 alone');
  for (const device of seen.swap) differs('swap', `it swaps to ${device}: take it out of /etc/fstab, and swapoff`);
  for (const line of seen.machineChecks.slice(0, 5)) differs('machine checks', `the kernel has logged “${line}”`);
  for (const [at, bytes] of Object.entries(seen.freeBytes)) {
    if (bytes < roomBytes) differs(at, `${mib(bytes)} are free on ${at}, less than ${mib(roomBytes)}`);
  }
  const { mismatch, warning } = clockVerdict(seen.clock);
  if (mismatch !== undefined) differs('clock', mismatch);
  if (warning !== undefined) warnings.push(warning);
  return { mismatches, warnings };
}

type Differs = (place: string, message: string) => void;

function memory(wanted: HardwareWanted, seen: HardwareFacts, differs: Differs, warnings: string[]): void {
  const { usableBytes, installedBytes = usableBytes / usableShare } = seen.memory;
  if (installedBytes < wanted.memoryBytes) {
    differs('memory', `${gb(installedBytes)} of memory, its class has ${gb(wanted.memoryBytes)}`);
  } else if (usableBytes < wanted.memoryBytes * usableShare) {
    differs(
      'memory',
      `${gb(usableBytes)} of its ${gb(installedBytes)} of memory can be used: a module may be disabled`,
    );
  }
  if (wanted.eccMemory && !/ECC/.test(seen.ecc ?? '')) {
    differs('eccMemory', `its memory has no ECC: the firmware says “${seen.ecc ?? 'nothing'}”`);
  }
  if (seen.memoryErrors === null) {
    if (wanted.eccMemory) warnings.push('the kernel counts no memory errors: it has no EDAC driver for this host');
  } else if (seen.memoryErrors.uncorrected > 0) {
    differs('memory errors', `${seen.memoryErrors.uncorrected} memory errors that could not be corrected`);
  } else if (seen.memoryErrors.corrected > 0) {
    warnings.push(`${seen.memoryErrors.corrected} memory errors were corrected since the host was booted`);
  }
}

function disks(wanted: HardwareWanted, seen: HardwareFacts, differs: Differs): void {
  const sets = wanted.disks.filter(({ role }) => role === 'vm-storage');
  const bytes = sets.flatMap((set) => Array.from({ length: set.count }, () => set.bytes)).sort((a, b) => a - b);
  const media = new Set(sets.map(({ medium }) => medium));
  const found: number[] = [];
  for (const serial of wanted.serials) {
    const here = seen.disks.filter((disk) => disk.serial === serial);
    const [disk] = here;
    if (!disk || here.length > 1) {
      const others = seen.disks
        .map((one) => one.serial)
        .filter((one) => !wanted.serials.includes(one))
        .slice(0, 8);
      differs(
        serial,
        here.length > 1
          ? `${here.length} disks have the serial number ${serial}`
          : `no disk ${serial}; others there: ${others.join(', ') || 'none'}`,
      );
      continue;
    }
    found.push(disk.bytes);
    if (media.has('nvme') && media.size === 1 && !disk.nvme) differs(serial, `${serial} is no NVMe disk`);
    if (media.has('ssd') && media.size === 1 && disk.rotational) differs(serial, `${serial} is a rotating disk`);
  }
  const sizes = found.sort((a, b) => a - b);
  if (sizes.length === bytes.length) {
    for (const [at, size] of sizes.entries()) {
      if (size < (bytes[at] ?? 0) * diskShare)
        differs('disks', `a disk of ${gb(size)}, its class has ${gb(bytes[at] ?? 0)}`);
    }
  }
  const systems = wanted.disks
    .filter(({ role }) => role === 'os-and-jailer')
    .reduce((sum, { count }) => sum + count, 0);
  const under = seen.disks.filter(({ system }) => system);
  if (under.length < systems) {
    differs(
      'os-and-jailer',
      `its system lies on ${under.length} disks, its class has ${systems}: the loss of one would be that of the host`,
    );
  }
}

function nics(wanted: HardwareWanted, seen: HardwareFacts, differs: Differs, warnings: string[]): void {
  const wantedMbps = wanted.nics.gbps * 1_000;
  if (wanted.uplinks.length < wanted.nics.count) {
    differs('nics', `${wanted.uplinks.length} uplinks in the inventory, its class has ${wanted.nics.count}`);
  }
  for (const mac of wanted.uplinks) {
    const nic = seen.nics.find((one) => one.mac === mac);
    if (!nic) {
      differs(mac, `no card has the address ${mac}; there are ${seen.nics.map(inWords).join(', ') || 'none'}`);
      continue;
    }
    if (nic.up && !nic.carrier) differs(mac, `${inWords(nic)} has no carrier: its cable, or the switch’s port`);
    const speed = nic.speedMbps ?? nic.maxMbps;
    if (speed === undefined) warnings.push(`the speed of ${inWords(nic)} is not known while it is down`);
    else if (speed < wantedMbps)
      differs(mac, `${inWords(nic)} runs at ${speed / 1_000} Gb/s, its class has ${wanted.nics.gbps}`);
  }
}

/** A model's name begins with it, whatever trademarks stand in between: `AMD EPYC`, `Intel Xeon`. */
function isModel(model: string, wanted: string): boolean {
  const plain = (text: string): string =>
    text
      .replace(/\((R|TM|C)\)/gi, '')
      .replace(/\s+/g, ' ')
      .trim()
      .toLowerCase();
  return plain(model).startsWith(plain(wanted));
}

function inWords({ name, mac }: NicFacts): string {
  return `${name} (${mac})`;
}

function gb(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
