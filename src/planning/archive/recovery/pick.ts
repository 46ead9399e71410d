import type { ErrorCode } from '../../../errors/index.ts';
import type { ManifestHeader } from '../../../runs/index.ts';

/** One backup as the planner sees it. */
export type RecoveryPoint = {
  backupId: string;
  /** Of a manifest that could be read and whose signature holds. */
  header?: ManifestHeader;
  /** Why it cannot be restored from, if so: each a finding that names its object. */
  problems: readonly { code: ErrorCode; message: string; place: string }[];
};

export type Picked =
  | { ok: true; point: RecoveryPoint & { header: ManifestHeader }; passedOver: readonly string[] }
  | { ok: false; findings: readonly { code: ErrorCode; message: string; place?: string }[] };

/**
 * The newest backup that can be trusted, or the one that was asked for, which must be one. What was passed over is said: each of
 * those is newer, and costs what was written since.
 */
export function pickRecoveryPoint(points: readonly RecoveryPoint[], wanted?: string): Picked {
  const newestFirst = [...points].sort((a, b) => (a.backupId < b.backupId ? 1 : -1));
  if (wanted !== undefined) {
    const point = newestFirst.find(({ backupId }) => backupId === wanted);
    if (!point) return none(`there is no backup ${wanted}; the newest are ${names(newestFirst) || 'none'}`);
    return isGood(point) ? { ok: true, point, passedOver: [] } : { ok: false, findings: point.problems };
  }
  const point = newestFirst.find(isGood);
  const before = point ? newestFirst.slice(0, newestFirst.indexOf(point)) : newestFirst;
  const passedOver = before.map(({ backupId, problems }) => `${backupId}: ${problems[0]?.message ?? 'unusable'}`);
  if (point) return { ok: true, point, passedOver };
  const first = newestFirst.flatMap(({ problems }) => problems).slice(0, 20);
  const message = points.length === 0 ? 'the archive has no backup' : `none of ${points.length} backups can be used`;
  return { ok: false, findings: [{ code: 'ARCHIVE_NO_BACKUP', message }, ...first] };
}

function isGood(point: RecoveryPoint): point is RecoveryPoint & { header: ManifestHeader } {
  return point.header !== undefined && point.problems.length === 0;
}

function names(points: readonly RecoveryPoint[]): string {
  return points
    .slice(0, 5)
    .map(({ backupId }) => backupId)
    .join(', ');
}

function none(message: string): Picked {
  return { ok: false, findings: [{ code: 'ARCHIVE_NO_BACKUP', message }] };
}

/** What a restore of a backup loses of what was written: an interval, since a backup is read over a while. Milliseconds. */
export type Loss = { leastMs: number; mostMs: number };

/**
 * Everything written after the last object was read is lost, and nothing that was written before the backup began. In between it
 * depends on the partition. An object that was carried over was found unchanged when the backup began.
 */
export function lossOf(held: Held, lostAtMs: number): Loss {
  const since = (at: string): number => Math.max(0, lostAtMs - Date.parse(at));
  return { leastMs: since(held.until), mostMs: since(held.from) };
}

/** Between which instants the objects of a backup were read, ISO. */
export type Held = { from: string; until: string };

/** From the beginning of the backup to its last read. What it carried over was found unchanged when it began. */
export function heldOf(
  { createdAt, backupId }: Pick<ManifestHeader, 'createdAt' | 'backupId'>,
  objects: readonly { backupId: string; readAt: string; role: string }[],
): Held {
  const begun = Date.parse(createdAt);
  const read = objects
    .filter((one) => one.backupId === backupId && (one.role === 'data' || one.role === 'redis'))
    .map(({ readAt }) => Date.parse(readAt));
  const last = read.reduce((most, at) => Math.max(most, at), begun);
  return { from: createdAt, until: new Date(last).toISOString() };
}
