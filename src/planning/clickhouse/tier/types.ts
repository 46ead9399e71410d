import type { ErrorCode } from '../../../errors/index.ts';
import type { TableTtl } from './table-ttl.ts';

/** What a level's rows of one day add up to, each figure mod 2^64 as text; `prints` are Σ hash(keys) × figure. */
export type DayFigures = { day: string; totals: readonly string[]; prints: readonly string[] };

/**
 * Both sides of a proof. `figures` names the totals; the level itself is kept by shard, since an expiry that was cut off has
 * dropped some of them; the next level is added up, since a moved partition's rows need not lie where their roll-up lies.
 */
export type RollupReading = {
  figures: readonly string[];
  here: readonly { shard: number; days: readonly DayFigures[] }[];
  next: readonly DayFigures[];
};

/** How a backup of a partition is known. */
export type BackupReading = { known: boolean; evidence: string };

/** One server's copy of a partition: bytes on each disk, by its name. */
export type TierCopy = { server: string; bytesOn: Readonly<Record<string, number>> };

/** What a partition has in it, whatever its parts: see the driver's digest. */
export type TierDigest = { rows: number; sum: string; xor: string };

export type TierPartition = {
  id: string;
  /** When a part of it was last written, by insert or merge. Epoch milliseconds. */
  newestWriteMs: number;
  copies: readonly TierCopy[];
  /** By server; read for those that are to move alone. */
  digests?: Readonly<Record<string, TierDigest>>;
  /** Read for those that are due alone; a level without a next one has a reading without figures of one. */
  rollup?: RollupReading;
  backup?: BackupReading;
};

export type TierVolume = { name: string; disks: readonly string[] };

export type TierDisk = { name: string; freeBytes: number; totalBytes: number };

export type TierServer = {
  name: string;
  shard: number;
  partitionKey: string;
  /** Of the time column: it decides when a day begins. */
  timeType: string;
  /** The table's own TTL; left out where it has none. */
  ttl?: TableTtl;
  /** Left out where the server has no storage policies. */
  storage?: {
    policy: string;
    volumes: readonly TierVolume[];
    disks: readonly TierDisk[];
    /** The policy that the platform file wants, where the server has it. */
    wanted?: { policy: string; volumes: readonly TierVolume[] };
  };
};

/** A table of a cluster as data, read at one time. */
export type TierFacts = {
  nowMs: number;
  servers: readonly TierServer[];
  partitions: readonly TierPartition[];
  /** Partitions that the level before still has. */
  finer: readonly string[];
};

/** What the platform file says of the table. */
export type TierIntent = {
  cluster: string;
  table: string;
  family: string;
  /** The retention's name: `five-minutes`. */
  level: string;
  keepMs: number;
  tier: string;
  volume: string;
  /** The level before and the one after, by their tables. */
  before?: string;
  next?: string;
  closedAfterMs: number;
  maxMoves: number;
  maxExpiries: number;
  /** Part of a volume that is kept free. */
  reserve: number;
  /** Why no backup is asked for, where the file says so. */
  noBackup?: string;
  /** The storage policy that the table is to have, where the file says so. */
  policy?: string;
};

/** A partition that stays where or what it is, and why. `overdue`: it should have been expired. */
export type TierLeft = { partition: string; server?: string; code?: ErrorCode; why: string; overdue: boolean };

export type TierMove = {
  cluster: string;
  table: string;
  server: string;
  partition: string;
  volume: string;
  /** The volumes that its parts lie on now, the first of which an undo brings them back to. */
  from: readonly string[];
  digest: TierDigest;
};

/** What is to be changed of a table's declaration on one server, so that it does what the platform file says. */
export type TierAlign = {
  cluster: string;
  table: string;
  server: string;
  /** `to`: what stays of it, the moves alone; left out where nothing does. */
  ttl?: { from: string; deletes: string; to?: string };
  policy?: { from: string; to: string };
};

export type TierExpiry = { cluster: string; table: string; partition: string };

/** What the steps work from. */
export type TierData = {
  cluster: string;
  table: string;
  idle: boolean;
  aligns: readonly TierAlign[];
  moves: readonly TierMove[];
  expiries: readonly TierExpiry[];
  /** What is overdue and can't be expired: people are told. */
  overdue: readonly (TierLeft & { code: ErrorCode })[];
};
