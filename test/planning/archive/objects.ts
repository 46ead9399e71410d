import type { BackupObject, ManifestHeader } from '../../../src/runs/index.ts';
import type { Prices } from '../../../src/planning/archive/recovery/index.ts';

/** An object of a backup, the `at`-th. */
export function backupObject(at: number): BackupObject {
  return {
    ...{
      key: `gantry/data/${at}`,
      versionId: `v${at}`,
      size: 1_000,
      sha256: 'ab'.repeat(32),
      storageClass: 'STANDARD',
    },
    ...{ role: 'data', encoding: 'gzip', backupId: '20260102T000000Z-bbbb', readAt: '2026-01-02T01:00:00.000Z' },
    source: { kind: 'clickhouse', cluster: 'metrics', table: 'metrics.samples', partition: String(at), shard: 1 },
  };
}

export function headerOf(backupId: string): ManifestHeader {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(backupId) ?? [];
  const createdAt = `${y}-${mo}-${d}T${h}:${mi}:${s}.000Z`;
  return {
    ...{ format: 'gantry-manifest', version: 1, archive: 'main', backupId, createdAt, kind: 'full' },
    ...{ fullBackupId: backupId, fullCreatedAt: createdAt, verifiedAt: createdAt },
  };
}

/** Those of us-east-1, as of 2025. */
export const testPrices: Prices = {
  currency: 'USD',
  storage: { STANDARD: 0.023, GLACIER: 0.0036, DEEP_ARCHIVE: 0.00099 },
  requests: { put: 0.005, get: 0.0004, list: 0.005 },
  transferPerGB: 0,
  retrieval: {
    GLACIER: {
      Expedited: { perGB: 0.03, per1000: 10 },
      Standard: { perGB: 0.01, per1000: 0.05 },
      Bulk: { perGB: 0, per1000: 0 },
    },
    DEEP_ARCHIVE: { Standard: { perGB: 0.02, per1000: 0.1 }, Bulk: { perGB: 0.0025, per1000: 0.025 } },
  },
};
