import type { RunInput } from '../protocol.ts';
import type { Stored } from '../stored.ts';
import type { BackupObject } from './manifest.ts';
import type { ComparedTotal } from './totals.ts';

/** The steps of its runs, in the order in which they first take place. */
export const restoreSteps = [
  'request-thaw',
  'await-thaw',
  'copy-out',
  'prove-objects',
  'prove-closed',
  'fill-staging',
  'verify-staging',
  'make-tables',
  'fill-production',
  'promote',
  'clear-staging',
  'drop-copies',
  'count-cost',
] as const;

/** The input of a restore. */
export type ArchiveRestoreInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
  /** `all`, a table in full (`database.table`), or a Redis group. */
  what: string;
  /** The backup; the newest that can be trusted unless given. */
  backup?: string;
  /** What is lost is counted to this instant, ISO; to the start of the run unless given. */
  lostAt?: string;
  /** If the promotion is declined: staging stays for a look, or goes. `destroy` unless given. */
  declined?: 'keep' | 'destroy';
};

/** How fast a thaw is. */
export type ThawTier = 'Expedited' | 'Standard' | 'Bulk';

/** One object of a restore: what the backup has, where it lies now, and how it is thawed. */
export type RestoreObject = BackupObject & {
  /** Left out where it can be read at once. */
  tier?: ThawTier;
};

/** Some of what is brought back: one table of a cluster, or a group. */
export type RestorePart =
  { kind: 'clickhouse'; cluster: string; table: string; shards: readonly number[] } | { kind: 'redis'; group: string };

/** What a restore is carried out from. It holds nothing that moves by itself. */
export type RestoreData = {
  stage: 'restore';
  archive: string;
  backupId: string;
  /** Names what this restore makes: databases of staging, keys of copies. */
  name: string;
  /** Every object, one `RestoreObject` as JSON per line. */
  objects: Stored<RestoreObject>;
  /** Of these, those that are thawed. */
  cold: number;
  coldBytes: number;
  bytes: number;
  parts: readonly RestorePart[];
  /** How many days thawed copies are asked for. */
  days: number;
  /** The state of the data is not older than this, ISO: when the backup began. */
  heldFrom: string;
  /** Nothing that was written later is in it, ISO: when its last object was read. */
  heldUntil: string;
  /** When the thaw is expected to be over, after it was asked for. */
  thawMs: number;
  /** From a thawed object to its proven copy, all of them. */
  copyMs: number;
  /** After which a slower tier is a danger to the deadline. */
  riskMs: number;
  /** For the wait as a whole. */
  longestMs: number;
  expiryMarginMs: number;
  estimate: RestoreCost;
};

/** Money, in the currency of the archive's prices. */
export type RestoreCost = {
  currency: string;
  requests: number;
  retrieval: number;
  storage: number;
  transfer: number;
  total: number;
  /** Prices that the platform file lacks: they count as zero. */
  unpriced: readonly string[];
};

/** What of a restore's cost depends on time. */
export type RestoreTiming = {
  /** Days that thawed copies were asked for. */
  days: number;
  copiedBytes: number;
  /** How long the copies in the store were kept. */
  copiesMs: number;
};

/** What the second approval is about. */
export type PromotionData = {
  stage: 'promote';
  archive: string;
  backupId: string;
  name: string;
  parts: readonly RestorePart[];
  /** Of what staging was verified to hold, by table or group. */
  verified: readonly {
    what: string;
    rows: number;
    sum: string;
    xor: string;
    /** Business totals that were equal to the backup's; left out where it has none. */
    totals?: readonly ComparedTotal[];
  }[];
};

/** A faster tier for what is late; nothing where none would be in time. How many that are moves, and is in the facts. */
export type UpgradeData = { stage: 'upgrade'; archive: string; backupId: string; tier?: ThawTier };

/** What the planner of a restore is asked: the restore itself, or one of the decisions on its way. */
export type ArchiveRestoreQuestion = ArchiveRestoreInput & {
  at?:
    | { stage: 'promote'; data: RestoreData; verified: PromotionData['verified'] }
    | { stage: 'upgrade'; data: RestoreData; leftMs: number };
};

/** How the objects of a restore stand. */
export type ThawCounts = {
  /** Can be read, for long enough. */
  ready: number;
  thawing: number;
  /** No thaw was asked for, or its copy has expired. */
  cold: number;
  /** Can be read, but perhaps no longer when their turn comes. */
  expiring: number;
  /** Of those that cannot be read yet. */
  leftBytes: number;
  /** The first instant at which a copy expires, ISO. */
  firstExpiry?: string;
};
