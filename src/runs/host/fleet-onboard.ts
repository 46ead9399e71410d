import type { ListItem, ListLimits } from '../list.ts';
import type { RunInput } from '../protocol.ts';
import type { Stored } from '../stored.ts';

/** The steps of its runs: every host is a run of its own. */
export const fleetOnboardSteps = ['onboard'] as const;

/** So many hosts can be named in one input. */
export const fleetHosts = 200;

/** The input of a run that takes many hosts into the platform: a pool, or some of its hosts. */
export type HostFleetOnboardInput = RunInput & {
  /** The zone of the pool. */
  zone: string;
  /** The class of its hosts. */
  class: string;
  /** Only these of its hosts, by serial number; all of them unless given. */
  serials?: readonly string[];
  /** Hosts at once; the platform file's unless given. */
  window?: number;
  /** So many may fail before no further one is started; the platform file's unless given. */
  maxFailures?: number;
};

/** What a run works from. It is part of the plan's hash. */
export type FleetOnboardData = {
  zone: string;
  class: string;
  /** In the order in which they start; each takes one place of its rack and of its link. */
  hosts: Stored<readonly ListItem[]>;
  window: number;
  maxFailures: number;
  limits: ListLimits;
};
