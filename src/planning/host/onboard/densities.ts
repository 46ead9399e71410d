import type { DensityBound, PlannedDensity } from './types.ts';

/** What a host has and what it keeps for itself. Bytes; CPUs as the kernel counts them. */
export type HostCapacity = {
  cpus: number;
  memoryBytes: number;
  /** Usable size of the VM storage: of its file system, not of the disks below it. */
  diskBytes: number;
  reserved: { cpus: number; memoryBytes: number };
  /** How many CPUs of VMs share one of the host. 1: none is promised twice. */
  cpuOvercommit: number;
};

/** A shape of VM as the class declares it. `max`: the platform's cap. */
export type VmShape = {
  cpus: number;
  memoryBytes: number;
  /** Left out: the shape takes no room that is counted. */
  diskBytes?: number;
  min: number;
  max: number;
};

/**
 * Firecracker's own memory beside the guest's: at most 5 MiB (its SPECIFICATION.md). The jailer and the page tables of the guest
 * come on top, so twice that is counted.
 */
export const vmOverheadBytes = 10 * 1024 * 1024;

/**
 * VMs of each shape that a host carries when it carries nothing else: the lowest of the platform's cap and what CPUs, memory and
 * disk give after the reserve. The first of equal bounds is named, the cap before the arithmetic.
 */
export function densities(
  host: HostCapacity,
  shapes: Readonly<Record<string, VmShape>>,
): Readonly<Record<string, PlannedDensity>> {
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, densityOf(host, shape)]));
}

function densityOf(
  { cpus, memoryBytes, diskBytes, reserved, cpuOvercommit }: HostCapacity,
  shape: VmShape,
): PlannedDensity {
  const bounds: [DensityBound, number][] = [
    ['cap', shape.max],
    ['memory', fits(memoryBytes - reserved.memoryBytes, shape.memoryBytes + vmOverheadBytes)],
    ['cpus', fits((cpus - reserved.cpus) * cpuOvercommit, shape.cpus)],
    ...(shape.diskBytes === undefined ? [] : [['disk', fits(diskBytes, shape.diskBytes)] as [DensityBound, number]]),
  ];
  const [bound, vms] = bounds.reduce((least, one) => (one[1] < least[1] ? one : least));
  return { vms, bound, belowMin: vms < shape.min };
}

function fits(room: number, each: number): number {
  return Math.max(0, Math.floor(room / each));
}

/** One line for people: `small: 150 (cap), medium: 12 (cpus, fewer than the 40 that the class expects)`. */
export function densitiesInWords(
  planned: Readonly<Record<string, PlannedDensity>>,
  shapes: Readonly<Record<string, Pick<VmShape, 'min'>>>,
): string {
  return Object.entries(planned)
    .map(([name, { vms, bound, belowMin }]) => {
      const fewer = belowMin ? `, fewer than the ${String(shapes[name]?.min)} that the class expects` : '';
      return `${name}: ${vms} (${bound}${fewer})`;
    })
    .join(', ');
}
