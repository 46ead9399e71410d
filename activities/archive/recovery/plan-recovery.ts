import type { ErrorCode } from '../../../src/errors/index.ts';
import type { RecoveryStep } from '../../../src/planning/archive/recovery/index.ts';
import { pickRecoveryPoint, planRecovery } from '../../../src/planning/archive/recovery/index.ts';
import type { PlannedAction, RestoreData, RestorePart } from '../../../src/runs/index.ts';
import type { Planned } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { agingAway, stagingRoom, targetsInUse, triedAccess } from './findings.ts';
import { asLines } from './objects.ts';
import { readPoints } from './read-points.ts';

type Wanted = { archive: string; what: string; backup?: string; lostAt?: string };

/** What a restore and a drill differ in. */
export type RecoveryKind<S extends string> = {
  verb: string;
  /** What follows the proof. */
  tail: (parts: readonly RestorePart[]) => readonly PlannedAction<S>[];
  /** Whether production is to be empty. */
  promotes: boolean;
};

/** Reads the archive, tries what the restore will need, and plans. Every finding at once. */
export async function planFrom<S extends string>(
  { archive, what, backup, lostAt }: Wanted,
  { recovery, payloads }: RecoveryDeps,
  signal: AbortSignal,
  kind: RecoveryKind<S>,
): Promise<Planned<RestoreData, S | RecoveryStep>> {
  const access = await recovery(archive);
  const { config } = access;
  const store = access.store({ signal });
  try {
    const { points, usable, refused } = await readPoints(access, store, payloads, { what, wanted: backup });
    if (refused) return { ok: false, findings: refused };
    const picked = pickRecoveryPoint(points, backup);
    if (!picked.ok) return picked;
    if (!usable) return { ok: false, findings: [{ code: 'ARCHIVE_NO_BACKUP', message: 'no backup can be used' }] };
    const { objects, parts } = usable;
    const now = await access.now();
    const room = await stagingRoom(access, parts, objects, signal);
    const targets = kind.promotes ? await targetsInUse(access, parts, signal) : { findings: [], warnings: [] };
    const findings: { code: ErrorCode; message: string; place?: string }[] = [
      ...(await triedAccess(store, objects)),
      ...(await agingAway(store, objects, now)),
      ...room.findings,
      ...targets.findings,
    ];
    const { header } = picked.point;
    const planned = planRecovery(
      {
        ...{ archive, what, header, parts, passedOver: picked.passedOver, findings },
        // Only what lasts goes into the list: its digest is part of the plan's hash.
        objects: objects.map(({ lastModifiedMs: _at, protectedUntilMs: _until, ...object }) => object),
        lostAtMs: lostAt === undefined ? now : Date.parse(lostAt),
        warnings: [...room.warnings, ...targets.warnings],
      },
      {
        ...{ prices: config.prices, verb: kind.verb, tail: kind.tail(parts) },
        ...{ deadlineMs: config.restore.deadlineMs, expiryMarginMs: config.restore.expiryMarginMs },
      },
    );
    if (!planned.ok) return planned;
    const stored = await payloads.put<(typeof planned.draft.objects)[number]>(
      asLines(planned.draft.objects),
      planned.draft.objects.length,
    );
    return { ok: true, draft: planned.draft.finish(stored) };
  } finally {
    store.close();
  }
}
