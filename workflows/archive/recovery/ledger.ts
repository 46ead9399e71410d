import { workflowInfo } from '@temporalio/workflow';
import type { RestoreData } from '../../../src/runs/index.ts';
import type { Run } from '../../run/run.ts';

/** What the report of a restore and of a drill has in common: the estimate beside what was measured. */
export function measureEstimate(run: Pick<Run, 'measure'>, data: RestoreData, lostAt?: string): void {
  const { bytes, cold, coldBytes, days, thawMs, estimate, heldFrom, heldUntil } = data;
  const lostAtMs = lostAt === undefined ? workflowInfo().startTime.getTime() : Date.parse(lostAt);
  // An interval: the last read bounds what is lost from below, the beginning of the backup from above.
  run.measure('rpo.leastMs', Math.max(0, lostAtMs - Date.parse(heldUntil)));
  run.measure('rpo.mostMs', Math.max(0, lostAtMs - Date.parse(heldFrom)));
  run.measure('objects.cold', cold);
  run.measure('bytes', bytes);
  run.measure('bytes.cold', coldBytes);
  run.measure('copyDays', days);
  run.measure('estimate.thawMs', thawMs);
  run.measure(`estimate.cost.${estimate.currency}`, estimate.total);
}
