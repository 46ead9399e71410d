import type {
  DiskFacts,
  HealthFinding,
  NoReading,
  ServerHealth,
  TableHealth,
} from '../../../src/planning/clickhouse/index.ts';
import { healthLimits, judgeHealth } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseClusterAccess } from '../access/access.ts';
import type { ServerReading, TableReading } from './read.ts';

/** The readings of a cluster against the limits of its health. */
export function judgeServers(
  { config }: ClickHouseClusterAccess,
  servers: readonly ServerReading[],
): readonly HealthFinding[] {
  const judged = servers.map((one): ServerHealth => {
    if (one.problem) return { server: one.server, problem: one.problem };
    const tables = [...one.tables].map(([table, seen]) => ({ table, seen: 'code' in seen ? seen : healthOf(seen) }));
    // Disks are the server's, not a table's: any of its tables tells which tier it is.
    const tier = [...one.tables.keys()].map((name) => config.tables[name]?.tier).find((name) => name !== undefined);
    return { server: one.server, disks: disksOf(one, config, tier), tables };
  });
  return judgeHealth(judged, config.replicas);
}

function healthOf({ replica, queue, mutations, partitions, keeperMs }: TableReading): TableHealth {
  const fullest = partitions.reduce(
    (most, { partitionId, parts }) => (parts > most.parts ? { partition: partitionId, parts } : most),
    {
      partition: '',
      parts: 0,
    },
  );
  return {
    readOnly: replica.readOnly,
    sessionExpired: replica.sessionExpired,
    delaySeconds: replica.delaySeconds,
    activeReplicas: replica.activeReplicas,
    totalReplicas: replica.totalReplicas,
    queueSize: replica.queueSize,
    oldestSeconds: Math.max(0, ...queue.map(({ ageSeconds }) => ageSeconds)),
    failing: queue
      .filter(({ tries, lastException }) => tries >= healthLimits.tries && lastException !== '')
      .map(
        ({ type, newPart, tries, lastException }) =>
          `${type} ${newPart}, ${tries} tries: ${lastException.slice(0, 120)}`,
      ),
    mutations: mutations.map(
      ({ id, command, partsToDo }) => `${id}: ${command.slice(0, 80)}, ${partsToDo} parts to do`,
    ),
    fullest,
    keeperMs,
  };
}

/**
 * A server's disks. Where it has no table of them, the size of the tier in the platform file less what its parts use; what
 * lies in `detached` isn't among that.
 */
export function disksOf(
  { disks, usedBytes }: ServerReading & { problem?: never },
  { tiers }: Pick<ClickHouseClusterAccess['config'], 'tiers'>,
  tier: string | undefined,
): readonly DiskFacts[] | NoReading {
  if (disks)
    return disks.map(({ name, totalBytes, freeBytes }) => ({
      name,
      tier: name,
      totalBytes,
      freeBytes,
      reserveBytes: 0,
    }));
  const size = tier === undefined ? undefined : tiers[tier]?.bytes;
  if (tier === undefined || size === undefined) {
    const message = 'it has no system.disks, and the platform file names no tier of a known size for its tables';
    return { code: 'CLICKHOUSE_FREE_SPACE_UNKNOWN', message };
  }
  return [{ name: tier, tier, totalBytes: size, freeBytes: Math.max(0, size - usedBytes), reserveBytes: 0 }];
}
