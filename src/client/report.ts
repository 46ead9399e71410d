import type { Client } from '@temporalio/client';
import type { RunReport, RunStatus } from '../runs/index.ts';
import { isClosed } from '../runs/index.ts';
import { describeRun } from './description.ts';
import { closedOutcome } from './outcome.ts';
import type { RunRef } from './run-ref.ts';
import { runStatus } from './status.ts';

/**
 * The report of a run that has ended; undefined while it goes on. A cancelled or terminated run left none: what its last
 * status tells is made into one, without phases and measurements.
 * @throws GantryError RUN_NOT_FOUND, NO_SERVER.
 */
export async function runReport(client: Client, ref: RunRef): Promise<RunReport | undefined> {
  const described = await describeRun(client, ref);
  if (!described.closed) return undefined;
  const { report } = await closedOutcome(client, ref);
  if (report) return report;
  const { status } = await runStatus(client, ref);
  return reportFromStatus(status, described.closedAt ?? status.since);
}

/** What a status tells, in the form of a report. */
export function reportFromStatus(status: RunStatus, endedAt: string): RunReport {
  const { kind, target, workflowId, runId, startedAt, steps, actions, pastNoReturn } = status;
  const outcome = isClosed(status.state) ? status.state : 'failed';
  return {
    kind,
    target,
    workflowId,
    runId,
    outcome,
    startedAt,
    endedAt,
    ms: Date.parse(endedAt) - Date.parse(startedAt),
    steps,
    phases: [],
    actions,
    measurements: {},
    pastNoReturn,
    leftBehind: outcome === 'done' ? [] : unfinished(status),
    ...(status.requestedBy === undefined ? {} : { requestedBy: status.requestedBy }),
    ...(status.reason === undefined ? {} : { reason: status.reason }),
    ...(status.plan === undefined ? {} : { plan: status.plan }),
    ...(status.problem === undefined ? {} : { problem: status.problem }),
  };
}

/** Steps whose effect may still be there: changed and not undone, or cut off while they were at it. */
function unfinished({ steps }: RunStatus): string[] {
  return steps.flatMap(({ title, changed, state }) => {
    if (changed && state !== 'undone') return [`"${title}" was changed by this run and not undone`];
    return state === 'running' || state === 'undoing' ? [`"${title}" was cut off while ${state}`] : [];
  });
}
