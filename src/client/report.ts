import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { RunReport, RunStatus } from '../runs/index.ts';
import { isClosed } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf } from './run-ref.ts';
import { runStatus } from './status.ts';
import { ask } from './server-error.ts';

/**
 * The report of a run that has ended; undefined while it goes on. Completed runs (done, planned, aborted, preempted)
 * return it, failed ones carry it in the details of their failure. A cancelled or terminated one has neither: what its
 * last status tells is made into a report without phases and measurements.
 * @throws GantryError RUN_NOT_FOUND, NO_SERVER.
 */
export async function runReport(client: Client, ref: RunRef): Promise<RunReport | undefined> {
  const described = await ask(client, () => handleOf(client, ref).describe());
  if (described.status.name === 'RUNNING' || described.status.name === 'PAUSED') return undefined;
  const closedAt = (described.closeTime ?? new Date()).toISOString();
  try {
    const result: unknown = await ask(client, () => handleOf(client, ref).result());
    if (isReport(result)) return result;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const carried = carriedReport(error.cause);
    if (carried) return carried;
  }
  const { status } = await runStatus(client, ref);
  return reportFromStatus(status, closedAt);
}

/** The report in the details of a run's failure, through a front's ChildWorkflowFailure too. */
function carriedReport(cause: unknown): RunReport | undefined {
  for (let at = cause; at instanceof Error; at = at.cause) {
    if (!(at instanceof ApplicationFailure || at instanceof CancelledFailure)) continue;
    const found = at.details?.find(isReport);
    if (found) return found;
  }
  return undefined;
}

function isReport(value: unknown): value is RunReport {
  return typeof value === 'object' && value !== null && 'outcome' in value && 'phases' in value && 'steps' in value;
}

/** What a status tells, in the form of a report. */
export function reportFromStatus(status: RunStatus, endedAt: string): RunReport {
  const { kind, target, workflowId, runId, startedAt, steps, actions, pastNoReturn } = status;
  return {
    kind,
    target,
    workflowId,
    runId,
    outcome: isClosed(status.state) ? status.state : 'failed',
    startedAt,
    endedAt,
    ms: Date.parse(endedAt) - Date.parse(startedAt),
    steps,
    phases: [],
    actions,
    measurements: {},
    pastNoReturn,
    // Ended from outside, a run undid nothing: what its steps had changed is still there.
    leftBehind: steps.filter(({ changed, state }) => changed && state !== 'undone').map(({ title }) => title),
    ...(status.requestedBy === undefined ? {} : { requestedBy: status.requestedBy }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.plan === undefined ? {} : { plan: status.plan }),
    ...(status.problem === undefined ? {} : { problem: status.problem }),
  };
}
