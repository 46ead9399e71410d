import type { Finding } from '../types.ts';

/** What was read of the account and the cluster. */
export type RolloutFacts = {
  /** Every VPC of the account in the region. `own`: it has Gantry's tags of this region. */
  vpcs: readonly { id: string; cidr: string; isDefault: boolean; own: boolean }[];
  /** Of the own VPC: what has no tag of Gantry's, or other ranges than it should. */
  subnets: readonly { id: string; cidr: string; zone: string; segment?: string }[];
  /** Elastic addresses: how many may be, are there, and are the region's own. */
  addresses: { quota?: number; there: number; own: number };
  /** By component, how its objects stand. */
  standing: Readonly<Record<string, ComponentStanding>>;
  /** By part of the edge, how it stands. */
  edge: readonly { place: string; words: string }[];
  /** Why the queries of the gates could not be tried beforehand, where it is so. */
  metricsUntried?: string;
  /** What reading found in the way already. */
  findings: readonly Finding[];
};

/** How many objects of a component there are yet to make, to change, and could not be tried beforehand. */
export type ComponentStanding = { missing: number; different: number; same: number; untried: number };
