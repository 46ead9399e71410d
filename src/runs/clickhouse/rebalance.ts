import type { RunInput } from '../protocol.ts';

/** The steps of its runs, in the order in which they first take place. */
export const rebalanceSteps = ['check-health', 'move', 'prove-balance'] as const;

/** One partition of one shard that is to go to another shard. */
export type RebalanceMove = {
  /** From 1, in the order in which moves are started. */
  order: number;
  /** Moves of a wave start when all moves of the waves before it have ended, one way or the other. */
  wave: number;
  partition: string;
  tier: string;
  from: string;
  to: string;
  rows: number;
  bytes: number;
  parts: number;
  /** Reads that went to it, where they are known; the unit is the caller's. */
  heat?: number;
  /** Estimates, from the start of the first move. */
  startsAfterMs: number;
  takesMs: number;
  /**
   * `drop`: the destination has no rows of this partition, so what was attached can be dropped as long as none arrive.
   * `reverse-move`: it has rows of its own there; attaching is the point of no return, and going back is a move.
   */
  undo: 'drop' | 'reverse-move';
  /** Parts of the destination that may merge with those that arrive: only of engines that keep totals when they merge. */
  mergesWithParts: number;
  why: string;
};

/** One tier of one shard, before and after. */
export type RebalanceShare = {
  shard: string;
  tier: string;
  weight: number;
  beforeBytes: number;
  afterBytes: number;
  /** Its share by weight, and the tolerance around it. */
  shareBytes: number;
  lowBytes: number;
  highBytes: number;
  /** What the plan aims at: the share, as near as what can't be moved and the free space let the cluster come to it. */
  targetBytes: number;
  /** Free for this table on the fullest replica, the reserve taken off. Negative where the reserve is broken into already. */
  freeBeforeBytes: number;
  /** The least that is free at any moment of the plan, whichever moves are the slowest. */
  freeLeastBytes: number;
  heatBefore: number;
  heatAfter: number;
  /** Between `lowBytes` and `highBytes` after the plan. */
  within: boolean;
  /** Where it isn't: why, in words. */
  why?: string;
};

/** Partitions that stay where they are, grouped by the reason. */
export type RebalanceLeft = {
  reason:
    'not-needed' | 'open' | 'flagged' | 'would-merge' | 'no-room' | 'not-worth-it' | 'over-limit' | 'shard-takes-none';
  shard: string;
  tier: string;
  partitions: number;
  bytes: number;
  /** A few of them, the largest first. */
  examples: readonly string[];
  why: string;
};

/** A plan of partition moves, explained. */
export type RebalancePlan = {
  cluster: string;
  table: string;
  moves: readonly RebalanceMove[];
  shares: readonly RebalanceShare[];
  left: readonly RebalanceLeft[];
  movedBytes: number;
  movedRows: number;
  /** Estimate, with as many moves at once as the window allows. */
  durationMs: number;
  /** Every tier of every shard is within its limits afterwards. */
  balanced: boolean;
  /** What the plan comes to and what it leaves, in words. */
  summary: readonly string[];
};

/** What a run of moves works from. It is part of the plan's hash: nothing in it moves by itself. */
export type RebalanceData = {
  cluster: string;
  table: string;
  /** In the order in which they start. `rows`: of the source; `totalRows`: of all shards together. */
  moves: readonly (Pick<RebalanceMove, 'wave' | 'partition' | 'from' | 'to' | 'rows' | 'undo'> & {
    totalRows: number;
  })[];
  /** Whether merges leave the number of rows as it is, so that it can be compared. */
  keepsRows: boolean;
  /** Moves at once. */
  window: number;
  pauseMs: number;
};

/** The input of a rebalance of one table over the shards of its cluster. */
export type ClickHouseRebalanceInput = RunInput & {
  /** The cluster's name in the platform file. */
  cluster: string;
  /** The table's full name, `database.table`, as in the platform file. */
  table: string;
  /** Moves of this run at most; the platform file's unless given. */
  maxMoves?: number;
  /** Moves at once; the platform file's unless given. */
  window?: number;
};
