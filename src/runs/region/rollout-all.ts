import type { RunInput } from '../protocol.ts';

/** Its runs are made of runs of region.rollout. */
export const rolloutAllSteps = [] as const;

/** The input of a run that brings all regions up, wave by wave. */
export type RegionRolloutAllInput = RunInput & {
  regions: typeof allRegions;
  /** Only these, in this order; all of the platform file, in its order, unless given. */
  only?: readonly string[];
  /** Regions at once within a wave; one unless given. */
  window?: number;
  /** Also take in the hosts, after the last wave. */
  withHosts?: boolean;
};

/** The target of such a run. No region may have this name. */
export const allRegions = 'all';

/** What a run is carried out from. */
export type RegionRolloutAllData = {
  regions: readonly string[];
  /** The barriers: every region has reached one before any goes beyond it. */
  waves: readonly number[];
  window: number;
  withHosts: boolean;
  /** By region, the digest of what its own plan would be carried out from. */
  plans: Readonly<Record<string, string>>;
};
