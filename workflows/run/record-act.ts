import { log, patched, workflowInfo } from '@temporalio/workflow';
import { cutText } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunRecord } from './record.ts';

const reasonCharacters = 500;
const nameCharacters = 200;

/**
 * Has an act on the run written to the audit. The run goes on meanwhile, and waits for it before it ends. A run that began
 * before there was an audit has none.
 */
export function recordAct(
  runRecord: RunRecord,
  act: string,
  { by, reason }: { by: string; reason?: string },
  planHash = runRecord.plan?.hash,
): void {
  if (!patched('audit')) return;
  const { kind, target, state, actions } = runRecord;
  const { workflowId, runId } = workflowInfo();
  const line = {
    id: `${runId}/${actions.length}`,
    ...{ act: cutText(act, nameCharacters), by: cutText(by, nameCharacters), kind, target, workflowId, runId, state },
    ...(planHash === undefined ? {} : { planHash }),
    ...(reason ? { reason: cutText(reason, reasonCharacters) } : {}),
  };
  const written = callControl('recordAct', line, `audit: ${act}`).catch((error: unknown) =>
    log.warn('an act could not be written to the audit', { act, error }),
  );
  runRecord.beingRecorded.push(written);
}
