/** What a host class asks of a host. */
export type HardwareWanted = {
  cpus: number;
  /** Beginnings of the model's name, any of which will do; none: any model. */
  cpuModels: readonly string[];
  memoryBytes: number;
  eccMemory: boolean;
  disks: readonly { count: number; bytes: number; medium: string; role: string }[];
  nics: { count: number; gbps: number };
  /** Beginnings of kernel versions. */
  kernels: readonly string[];
  /** Serial numbers of the inventory, for VM storage. */
  serials: readonly string[];
  /** MAC addresses of the inventory's uplinks. */
  uplinks: readonly string[];
};

/** A network card. `speedMbps`: what its link has now; undefined while it is down or has none. */
export type NicFacts = {
  name: string;
  mac: string;
  up: boolean;
  carrier: boolean;
  speedMbps?: number;
  /** The most that the card can do, where its driver says so. */
  maxMbps?: number;
};

/** Who says what time it is. Milliseconds. */
export type ClockFacts = {
  /** The host's clock against the worker's; positive: the host is ahead. */
  againstWorkerMs: number;
  /** How far that may be off: the way there and back. */
  uncertaintyMs: number;
  /** The host's time service. `offsetMs`: how far the host's clock is from it, where it says so. */
  service: { name: string; synchronised: boolean; offsetMs?: number } | null;
};

/** What a host is made of, as it was read. */
export type HardwareFacts = {
  cpus: number;
  cpuModel: string;
  /** vmx or svm among the flags of its CPUs. */
  virtualisation: boolean;
  /** /dev/kvm can be opened for reading and writing. */
  kvm: boolean;
  memory: { usableBytes: number; installedBytes?: number };
  /** As the firmware says; undefined where it says nothing. */
  ecc?: string;
  /** Errors that the memory controllers counted; null where the kernel has no driver for them. */
  memoryErrors: { corrected: number; uncorrected: number } | null;
  /** Whole disks, the system's too. */
  disks: readonly { serial: string; bytes: number; rotational: boolean; nvme: boolean; system: boolean }[];
  nics: readonly NicFacts[];
  kernel: string;
  swap: readonly string[];
  /** Lines of the kernel's log of this boot that report a hardware error. */
  machineChecks: readonly string[];
  /** Free on the file systems that onboarding writes to, by mount point. */
  freeBytes: Readonly<Record<string, number>>;
  cgroupV2: boolean;
  clock: ClockFacts;
};
