import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { Cutover, CutoverSeen } from '../../activities/clickhouse/cut-over-look.ts';
import { domainRefs } from '../run/call.ts';
import type { CriticalStep } from '../run/critical.ts';
import { criticalStep } from '../run/critical.ts';
import type { Run } from '../run/run.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * The cutover and all that follows from it: from here on the run only goes forward. `inOneGo`: what must not be torn apart
 * from it.
 */
export async function finishMove(run: Run, cutover: Cutover, inOneGo: readonly CriticalStep[] = []): Promise<void> {
  const { move, from } = cutover;
  const step = criticalStep('cut over', clickhouse.cutOver, cutover, from === 'staging' ? 'quick' : 'slow');
  const [seen] = await run.critical([step, ...inOneGo], { drive: 'forward', pointOfNoReturn: true });
  const lateRows = await bringLateRowsBack(run, cutover);
  run.measure('lateRows', lateRows);
  run.measure('movedRows', cutover.digest.rows);
  await run.step('let the ingest go on', clickhouse.openIngest, move);
  await run.step('start the merges', clickhouse.startMerges, move);
  // Nothing of a section that was skipped.
  const blocks = (seen as CutoverSeen | undefined)?.blocks;
  const proof = { ...cutover, lateRows, ...(blocks ? { blocks } : {}) };
  await run.step('prove the move', clickhouse.proveMove, proof, { profile: 'slow' });
}

/** One step for each part, so that the history says how far it has come. */
async function bringLateRowsBack(run: Run, cutover: Cutover): Promise<number> {
  const found = await run.step('look for late rows', clickhouse.findLateRows, cutover);
  if (!found) return 0;
  let { since } = found.after;
  let rows = 0;
  for (const part of found.after.late) {
    const back = await run.step(`bring ${part} back`, clickhouse.bringBack, { move: cutover.move, part, since });
    rows += back?.after.rows ?? 0;
    // Of a part that was skipped nobody knows how far it came: its attach must not pass for that of the next one.
    const next = back ?? (await run.step(`look at the log after ${part}`, clickhouse.findLateRows, cutover));
    since = next?.after.since ?? since;
  }
  return rows;
}
