import type { ObjectStore } from '../../../src/drivers/s3/types.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import { troubleOf } from '../../../src/errors/index.ts';
import { mustThaw } from '../../../src/planning/archive/recovery/index.ts';
import type { BackupObject, RestorePart } from '../../../src/runs/index.ts';
import type { RecoveryAccess } from './access.ts';
import { firstReplica, tableName, withTables } from './access.ts';

export type Finding = { code: ErrorCode; message: string; place?: string };
export type Seen = BackupObject & { lastModifiedMs: number; protectedUntilMs: number };

const day = 86_400_000;
/** A thaw, and people. */
const horizonDays = 14;
/** What stands in for rows that are packed; the server packs them as well, otherwise. */
const unpackedShare = 1.5;

/** Tries before any thaw what the restore will need days later: a right that is missing is found now. */
export async function triedAccess(store: ObjectStore, objects: readonly Seen[]): Promise<Finding[]> {
  // A warm object: one that is cold cannot be read, whatever the rights. The smallest, since all of it is read.
  const [warm] = objects.filter(({ storageClass }) => !mustThaw(storageClass)).sort((a, b) => a.size - b.size);
  if (!warm) return [];
  try {
    for await (const chunk of store.get(warm, { size: warm.size, sha256: warm.sha256 })) void chunk;
    return [];
  } catch (error) {
    const { code, message } = troubleOf(error);
    return [{ code, message, place: warm.key }];
  }
}

/** Rules of the bucket that delete an object before the restore can be over, unless it is protected. */
export async function agingAway(store: ObjectStore, objects: readonly Seen[], nowMs: number): Promise<Finding[]> {
  const until = nowMs + horizonDays * day;
  const rules = (await store.lifecycle()).filter(
    ({ enabled, expirationDays }) => enabled && expirationDays !== undefined,
  );
  return rules.flatMap(({ id, prefix = '', expirationDays = 0 }) => {
    const due = objects.filter(
      ({ key, lastModifiedMs, protectedUntilMs }) =>
        key.startsWith(prefix) && lastModifiedMs + expirationDays * day < until && protectedUntilMs < until,
    );
    const [first] = due;
    if (!first) return [];
    const message = `the rule "${id}" of the bucket deletes ${due.length} objects that are needed, ${first.key} among them, ${expirationDays} days after they were written`;
    return [{ code: 'ARCHIVE_OBJECT_AGES_AWAY' as const, message, place: first.key }];
  });
}

/** Whether staging is there, and has room. */
export async function stagingRoom(
  access: RecoveryAccess,
  parts: readonly RestorePart[],
  objects: readonly BackupObject[],
  signal: AbortSignal,
): Promise<{ findings: Finding[]; warnings: string[] }> {
  const findings: Finding[] = [];
  const warnings: string[] = [];
  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      const { code, message } = troubleOf(error);
      findings.push({ code, message, place: 'staging' });
    }
  };
  const bytes = objects.reduce((sum, { size, role }) => (role === 'data' ? sum + size : sum), 0) * unpackedShare;
  if (parts.some(({ kind }) => kind === 'clickhouse')) {
    await attempt(() =>
      withTables(access.staging({ signal }), async (server) => {
        const disks = await server.disks();
        if (!disks) return void warnings.push('the staging server cannot say how much room it has');
        const free = disks.reduce((sum, { freeBytes }) => sum + freeBytes, 0);
        if (free >= bytes) return;
        const message = `staging has ${free} bytes free, the restore needs about ${Math.round(bytes)}`;
        findings.push({ code: 'ARCHIVE_STAGING_TOO_SMALL', message, place: 'staging' });
      }),
    );
  }
  if (parts.some(({ kind }) => kind === 'redis')) {
    await attempt(async () => {
      const target = await access.stagingRedis({ signal });
      try {
        await target.keys();
      } finally {
        target.close();
      }
    });
  }
  return { findings, warnings };
}

/** Production that has data is never overwritten: found now, and looked at again before the promotion. */
export async function targetsInUse(
  access: RecoveryAccess,
  parts: readonly RestorePart[],
  signal: AbortSignal,
): Promise<{ findings: Finding[]; warnings: string[] }> {
  const findings: Finding[] = [];
  const warnings: string[] = [];
  for (const part of parts) {
    const place = part.kind === 'redis' ? part.group : `${part.cluster}/${part.table}`;
    try {
      const rows =
        part.kind === 'redis' ? await keysOf(access, part.group, signal) : await rowsOf(access, part, signal);
      if (rows > 0) {
        const message = `${place} of production has ${rows} ${part.kind === 'redis' ? 'keys' : 'rows'}: a restore never overwrites`;
        findings.push({ code: 'ARCHIVE_TARGET_NOT_EMPTY', message, place });
      }
    } catch (error) {
      // What was lost is often down: it is looked at again before the promotion.
      const { code, message } = troubleOf(error);
      warnings.push(`${place} of production cannot be looked at now (${code}: ${message})`);
    }
  }
  return { findings, warnings };
}

async function keysOf(access: RecoveryAccess, group: string, signal: AbortSignal): Promise<number> {
  const target = await access.primary(group, { signal });
  try {
    return await target.keys();
  } finally {
    target.close();
  }
}

async function rowsOf(
  access: RecoveryAccess,
  { cluster, table, shards }: Extract<RestorePart, { kind: 'clickhouse' }>,
  signal: AbortSignal,
): Promise<number> {
  let rows = 0;
  for (const shard of shards) {
    const opened = access.server(cluster, firstReplica(access, cluster, shard), { signal });
    const ofShard = await withTables(opened, (server) => server.countRows(tableName(table)));
    rows += ofShard ?? 0;
  }
  return rows;
}
