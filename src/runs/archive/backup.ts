import type { RunInput } from '../protocol.ts';
import type { Stored } from '../stored.ts';
import type { BackupObject, ManifestRef } from './manifest.ts';

/** The steps of its runs, in the order in which they first take place. */
export const backupSteps = [
  'open-backup',
  'export-schema',
  'export-table',
  'snapshot-redis',
  'store-platform-file',
  'carry-over',
  'verify-objects',
  'write-manifest',
  'protect-objects',
  'clear-lists',
] as const;

/** The input of a backup. */
export type ArchiveBackupInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
  /**
   * What is read now: `clickhouse`, `clickhouse/<cluster>`, `clickhouse/<cluster>/<database.table>`, `redis`, `redis/<group>`,
   * `platform-file`. The rest is carried over from the newest backup. All sources unless given.
   */
  sources?: string[];
  /** Exports everything, changed or not. */
  full?: boolean;
};

/** One shard of one table. */
export type TableShard = { cluster: string; table: string; shard: number };

/** What a backup is, from its first step on: every other step has it. */
export type OpenedBackup = {
  archive: string;
  backupId: string;
  createdAt: string;
  kind: 'full' | 'increment';
  fullBackupId: string;
  fullCreatedAt: string;
  /** The newest backup that can be trusted, and its objects. */
  previous?: ManifestRef & { backupId: string; objects: Stored<BackupObject[]> };
};

/** What a step wrote down of the objects that it made or carried over; the list lies in the archive until the manifest does. */
export type ObjectList = {
  key: string;
  versionId: string;
  objects: number;
  bytes: number;
  /** How many of them are new. */
  made: number;
};
