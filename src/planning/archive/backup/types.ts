import type { TableShard } from '../../../runs/index.ts';

/** What is to be backed up, as the platform file and the input say it. */
export type BackupIntent = {
  archive: string;
  bucket: string;
  full: boolean;
  /** What the input names; everything unless given. */
  sources?: readonly string[];
  tables: readonly TableShard[];
  groups: readonly string[];
  platformFile: boolean;
  lock: 'none' | 'governance' | 'compliance';
  legalHold: boolean;
  fullEveryMs: number;
  retentionMs: number;
  dataClass: string;
  prices: Prices;
};

/** What the store charges; what is left out is not known. */
export type Prices = {
  currency: string;
  storage: Readonly<Partial<Record<string, number>>>;
  requests: { put?: number; get?: number };
  transferPerGB?: number;
};

/** A shard of a table as it stands. `changed`: partitions that may have changed since the newest backup, at most. */
export type ShardFacts = TableShard & {
  server: string;
  partitions: number;
  bytes: number;
  changed: number;
  changedBytes: number;
  /** What is added up of it, in words. */
  totals: readonly string[];
  /** Declared totals that cannot be made, and why. */
  totalFaults: readonly string[];
};

export type GroupFacts = { group: string; bytes: number };

export type BackupFacts = {
  nowMs: number;
  versioning: 'enabled' | 'suspended' | 'off';
  objectLock: boolean;
  newest?: { backupId: string; createdAt: string; fullCreatedAt: string; objects: number; bytes: number };
  refused: readonly { backupId: string; code: string; why: string }[];
  shards: readonly ShardFacts[];
  groups: readonly GroupFacts[];
};

/** What the steps work from. It holds no digest: those of a busy table move while an approval is waited for. */
export type BackupData = {
  archive: string;
  full: boolean;
  schemas: readonly string[];
  tables: readonly TableShard[];
  groups: readonly string[];
  platformFile: boolean;
  /** What is read now, by `sourceName`; the rest is carried over. */
  read: readonly string[];
  carryOver: boolean;
  protect: boolean;
};
