import type { RunInput } from '../protocol.ts';

/**
 * The steps of its runs, in the order in which they first take place. Each is a file of a base folder of `activities/host`:
 * host.conformance inspects the same steps.
 */
export const onboardSteps = [
  'verify-identity',
  'check-hardware',
  'clear-disks',
  'assemble-array',
  'partition-array',
  'make-filesystem',
  'mount-storage',
  'change-network',
  'harden-host',
  'reboot-host',
  'start-service',
  'burn-in',
  'register-node',
  'admit-node',
] as const;

/** The input of a run that takes one host into the platform. */
export type HostOnboardInput = RunInput & {
  /** The serial number of the host, as its firmware and the platform file's inventory have it. */
  serial: string;
  /**
   * Disks whose foreign contents may be wiped, `<serial>@<digest of what was seen on it>`, as the refusal printed them. Without
   * it nothing is ever wiped.
   */
  wipe?: readonly string[];
};

/** What the disks of a host may lose: a disk's serial number, and the digest of what is on it. */
export type HostClearInput = HostStepInput & { wipes: readonly { serial: string; digest: string }[] };

/** Every step of a host works on one host. */
export type HostStepInput = {
  serial: string;
  /** Which life of the machine this is: allocated once at admission, on the disk label and the Node. */
  generation: number;
};

/** One of the daemons of a host. */
export type HostServiceInput = HostStepInput & {
  /** The systemd unit, as the class lists it. */
  unit: string;
};
