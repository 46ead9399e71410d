import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { troubleOf } from '../errors/index.ts';
import type { RunReport, TroubleRecord } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf } from './run-ref.ts';
import { ask } from './server-error.ts';

/** What Temporal keeps of a closed run, whether or not a worker is there. */
export type ClosedOutcome = { report?: RunReport; problem?: TroubleRecord };

/**
 * Completed runs (done, planned, aborted, pre-empted) return their report; refused and failed ones carry it in the
 * details of their failure, behind the problem; cancelled and terminated ones carry nothing. Only for closed runs: an
 * open one is waited for.
 */
export async function closedOutcome(client: Client, ref: RunRef): Promise<ClosedOutcome> {
  try {
    const result: unknown = await ask(client, () => handleOf(client, ref).result());
    return isReport(result) ? { report: result } : {};
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const failure = applicationFailure(error.cause);
    if (!failure) return {};
    const report = failure.details?.find(isReport);
    return { problem: troubleOf(failure), ...(report ? { report } : {}) };
  }
}

/** The failure that a run ended with, through a proxy run's ChildWorkflowFailure too. */
function applicationFailure(cause: unknown): ApplicationFailure | undefined {
  for (let at = cause; at instanceof Error; at = at.cause) if (at instanceof ApplicationFailure) return at;
  return undefined;
}

function isReport(value: unknown): value is RunReport {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'phases' in value && 'steps' in value;
}
