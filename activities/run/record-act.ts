import type { AuditLog } from '../../src/audit/index.ts';
import type { ControlActivities } from '../../src/runs/index.ts';
import { plainActivity } from '../../src/steps/index.ts';

/** Writes an act on a run to the audit. A second attempt may write it again, under the same id. */
export function createRecordAct(audit: AuditLog): ControlActivities['recordAct'] {
  return plainActivity((act) => audit.append({ ...act, outcome: 'done', via: 'run' }));
}
