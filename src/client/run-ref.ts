import type { Client, WorkflowHandle } from '@temporalio/client';

/** A run: its workflow id, meaning the latest run under it, or one run of it. */
export type RunRef = string | { workflowId: string; runId?: string };

/** The Temporal handle of a run. */
export function handleOf(client: Client, ref: RunRef): WorkflowHandle {
  return typeof ref === 'string'
    ? client.workflow.getHandle(ref)
    : client.workflow.getHandle(ref.workflowId, ref.runId);
}

/** The workflow id of a reference. */
export function idOf(ref: RunRef): string {
  return typeof ref === 'string' ? ref : ref.workflowId;
}
