import type { Finding } from '../finding.ts';
import type { RunInput } from '../protocol.ts';
import type { Stored } from '../stored.ts';
import type { BackupObject } from './manifest.ts';

/** The steps of its runs, in the order in which they first take place. */
export const auditSteps = ['audit-manifests', 'audit-objects'] as const;

/** The input of an audit. */
export type ArchiveAuditInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
  /** Takes the same sample as the audit whose report has this seed. */
  seed?: number;
};

/** What an audit is carried out by. */
export type AuditData = {
  archive: string;
  maxAgeMs: number;
  /** Manifests that are read and verified, from the newest on. */
  manifests: number;
  /** Objects of the newest backup that are looked at. */
  sample: number;
};

/** The newest backup that can be trusted, as the audit of its objects takes it. */
export type AuditedBackup = { backupId: string; objects: Stored<BackupObject[]> };

/** What the manifests of an archive say of themselves. */
export type ManifestsVerdict = {
  /** Backups that the bucket lists. */
  listed: number;
  verified: number;
  newest?: AuditedBackup & { createdAt: string; ageMs: number };
  findings: readonly Finding[];
};

/** What the bucket shows of the objects of one backup. */
export type ObjectsVerdict = {
  objects: number;
  bytes: number;
  looked: number;
  findings: readonly Finding[];
};
