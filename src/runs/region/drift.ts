import type { Finding } from '../finding.ts';
import type { RunInput } from '../protocol.ts';
import type { RegionRolloutData } from './rollout.ts';

/** The steps of its runs, in the order in which they first take place. */
export const driftSteps = ['compare-network', 'compare-components', 'compare-edge'] as const;

/** The input of a look at one region. */
export type RegionDriftInput = RunInput & {
  /** As `rollout.regions` of the platform file names it. */
  region: string;
};

/** What a region is compared with: what a rollout would bring it to. */
export type RegionDriftData = RegionRolloutData;

/** What a look compared, and what is different. */
export type DriftVerdict = { compared: number; findings: readonly Finding[] };
