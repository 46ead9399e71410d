import type { ClickHouseActivities } from '../../../activities/clickhouse/index.ts';
import type { Cutover, CutoverSeen } from '../../../activities/clickhouse/cutover/read.ts';
import type { StepOf } from '../../../src/runs/index.ts';
import { domainRefs } from '../../run/call.ts';
import type { CriticalStep } from '../../run/critical.ts';
import { criticalStep } from '../../run/critical.ts';
import type { Run } from '../../run/run.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/** The steps of a cutover and of what follows, which all of these kinds have. */
type FinishStep = StepOf<'clickhouse.move'> & StepOf<'clickhouse.undo-move'> & StepOf<'clickhouse.split'>;

/**
 * The cutover and all that follows from it: from here on the run only goes forward. `inOneGo`: what must not be torn apart
 * from it.
 */
export async function finishMove<S extends string>(
  run: Run<S | FinishStep>,
  cutover: Cutover,
  inOneGo: readonly CriticalStep<unknown, unknown, S>[] = [],
): Promise<void> {
  const { move, from } = cutover;
  const step = criticalStep('cut over', clickhouse.cutOver, cutover, from === 'staging' ? 'quick' : 'slow');
  const [seen] = await run.critical([step, ...inOneGo], { drive: 'forward', pointOfNoReturn: true });
  const { rows: lateRows, ...mark } = await bringLateRowsBack(run, cutover, inOneGo.length > 0);
  run.measure('lateRows', lateRows);
  run.measure('movedRows', cutover.digest.rows);
  await run.step('let the ingest go on', clickhouse.openIngest, move, { leavesNothing: true });
  await run.step('start the merges', clickhouse.startMerges, move, { leavesNothing: true });
  // Nothing of a section that was skipped.
  const blocks = (seen as CutoverSeen | undefined)?.blocks;
  const proof = { ...cutover, lateRows, ...(blocks ? { blocks } : {}), ...mark };
  await run.step('prove the move', clickhouse.proveMove, proof, { profile: 'slow' });
}

/**
 * One step for each part, so that the history says how far it has come. `upTo`: the last block number of the source that what
 * was detached, or attached again, can have.
 */
async function bringLateRowsBack(
  run: Run<FinishStep>,
  cutover: Cutover,
  attachedAgain: boolean,
): Promise<{ rows: number; upTo?: number; again?: boolean }> {
  const found = await run.step('look for late rows', clickhouse.findLateRows, cutover);
  if (!found) return { rows: 0 };
  let { since } = found.after;
  let rows = 0;
  let again = attachedAgain;
  for (const part of found.after.late) {
    const back = await run.step(`bring ${part} back`, clickhouse.bringBack, {
      ...{ move: cutover.move, part, since, lookedAt: cutover.source.logEntry },
    });
    rows += back?.after.rows ?? 0;
    // A number may be a mutation's, or that of an insert that failed: then nothing was attached. One that was skipped may be.
    again ||= back === undefined || back.after.rows > 0;
    // Of a part that was skipped nobody knows how far it came: its attach must not pass for that of the next one.
    const next = back ?? (await run.step(`look at the log after ${part}`, clickhouse.findLateRows, cutover));
    since = next?.after.since ?? since;
  }
  // What is attached gets new numbers.
  return { rows, upTo: again ? since.given - 1 : found.after.upTo, again };
}
