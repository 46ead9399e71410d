import type { PlannedComponent, RegionPool, RegionStore } from '../../../runs/index.ts';
import type { EdgeIntent } from '../edge/meant.ts';
import type { NetworkIntent } from '../network/groups.ts';

/** What the platform file says of a region. */
export type MeantRegion = {
  region: string;
  cidr: string;
  /** By zone and segment, its range. */
  zones: Readonly<Record<string, Readonly<Record<string, string>>>>;
  network: NetworkIntent;
  components: readonly IntendedComponent[];
  pools: readonly RegionPool[];
  stores: { of: readonly RegionStore[]; withinMs: number };
  edge?: EdgeIntent;
};

export type IntendedComponent = {
  name: string;
  after: readonly string[];
  wave: number;
  readyWithinMs: number;
  /** Who operates it, where it is no part of a rollout. */
  external?: string;
  /** What its metrics must say once it is ready, and within what time. */
  metrics?: NonNullable<PlannedComponent['metrics']>;
  /** Of its objects as they were rendered. */
  rendered?: { digest: string; objects: readonly string[] };
};
