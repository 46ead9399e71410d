import { workflowInfo } from '@temporalio/workflow';

/**
 * The run id that a reset keeps: Temporal gives a run that is reset another run id, and what the run began under the old one
 * (a unit on a host, a staging table) must be found again.
 */
function lastingRunId(): string {
  return workflowInfo().originalExecutionRunId;
}

/** Workflow id / run id / ordinal: the same for every retry of the step, so that it finds what its predecessor started. */
export function stepUnit(ordinal: number): string {
  return `${workflowInfo().workflowId}/${lastingRunId()}/${ordinal}`;
}

/**
 * What a run calls a table of its own, beside the one that it works on: a retry and a reset find it by that name. The last
 * digits of a run id are random; the first ones are the time (UUID version 7), which two runs may share.
 */
export function stagingName(table: string, what: string): string {
  return `${table}__${what}_${lastingRunId().slice(-12)}`;
}
