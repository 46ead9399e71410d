import type { ClickHouseConnectOptions } from '../../../src/drivers/clickhouse/index.ts';
import type { BackupReading } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { archivedPartition } from './archived.ts';
import { knownBackup } from './known-backup.ts';
import type { Level } from './level.ts';
import { nameOf } from './level.ts';

/** Whether a backup of a partition is known, in the way that its family declares. */
export async function backupOf(
  access: ClickHouseClusterAccess,
  { config: { backup } }: Pick<Level, 'config'>,
  of: { cluster: string; table: string; partition: string },
  deps: Pick<ClickHouseDeps, 'archived'>,
  connect: ClickHouseConnectOptions & { signal: AbortSignal },
): Promise<BackupReading> {
  if (backup.kind === 'archive') return archivedPartition(access, deps, { archive: backup.archive, ...of }, connect);
  const { cluster, table, partition } = of;
  return knownBackup(backup, { cluster, ...nameOf(table), partition }, connect.signal);
}
