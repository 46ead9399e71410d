import type { DisksFacts, HostUuids, Wipe } from '../disks/types.ts';
import type { HardwareFacts, HardwareWanted } from '../hardware/types.ts';
import type { NetworkData, NetworkFacts } from '../network/network.ts';
import type { Finding } from '../types.ts';
import type { VmShape } from './densities.ts';

/** What keeps a density where it is. `cap`: the platform file. */
export type DensityBound = 'cap' | 'memory' | 'cpus' | 'disk';

export type PlannedDensity = {
  vms: number;
  bound: DensityBound;
  /** Fewer than the class expects: the host is smaller than its class, or the class contradicts itself. */
  belowMin: boolean;
};

/** What a run of host.onboard works from. It holds no reading that moves by itself. */
export type OnboardData = {
  serial: string;
  /** Which life of the machine this is. */
  generation: number;
  /** Disks that are wiped, and what must still be on them then. */
  wipes: readonly Wipe[];
  network?: NetworkData;
  /** The daemons, in the order in which they are started. */
  services: readonly string[];
};

/** What the inventory and the class of a host want, and what the operator allows. */
export type OnboardIntent = {
  serial: string;
  node: string;
  class: string;
  hardware: HardwareWanted;
  mountPoint: string;
  initialSync: boolean;
  wipes: readonly Wipe[];
  services: readonly string[];
  burnInMs: { cpuMs: number; memoryMs: number; diskMs: number };
  shapes: Readonly<Record<string, VmShape>>;
  reserved: { cpus: number; memoryBytes: number };
  cpuOvercommit: number;
};

/** What was read on the host, and of its Node. */
export type OnboardFacts = {
  hostname: string;
  bootId: string;
  generation: number;
  uuids: HostUuids;
  /** Lives whose array the disks carry. */
  lives: readonly number[];
  hardware: HardwareFacts;
  disks: DisksFacts;
  network?: NetworkFacts;
  /** What is not as the table of controls says, and how it is put right. */
  flaws: readonly { control: string; what: string; cure: 'apply' | 'reboot' | 'none' }[];
  /** What else is in the way: of the Node, of the mount point. */
  findings: readonly Finding[];
};
