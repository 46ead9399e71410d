import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { RunState, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { isClosed } from '../../src/runs/index.ts';
import type { Stage } from './stage.ts';
import { asSeen } from '../support/parked.ts';

/** Makes one run that ends in a certain way, and answers it. */
export type Case<S = Stage> = (stage: S) => Promise<WorkflowHandle>;

/** Starts a run of `workflowType` as ada would. */
export function begin(stage: Stage, workflowType: string, input: object, workflowId: string): Promise<WorkflowHandle> {
  stage.before(async () => undefined);
  return stage.client.workflow.start(workflowType, {
    workflowId,
    taskQueue: stage.taskQueue,
    args: [{ group: stage.group, requestedBy: 'ada', ...input }],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

/** Approves the plan of `run` through `handle`, which may be its proxy run. */
export async function approved(handle: WorkflowHandle, run = handle): Promise<WorkflowHandle> {
  const status = await until(run, 'awaiting-approval');
  await update(handle, 'approve', { planHash: status.plan?.hash, note: 'for the record' });
  return handle;
}

/** The run behind a proxy run: its id alone may still be that of the run before. */
export async function childOf({ client }: Pick<Stage, 'client'>, proxy: WorkflowHandle): Promise<WorkflowHandle> {
  for (;;) {
    const { raw } = await proxy.describe();
    const [child] = raw.pendingChildren ?? [];
    if (child?.workflowId && child.runId) return client.workflow.getHandle(child.workflowId, child.runId);
    await pause(20);
  }
}

/** Sends an update as ada would. */
export async function update(handle: WorkflowHandle, name: UpdateName, request: object): Promise<void> {
  const asked = await asSeen(handle, name, { by: 'ada', ...request });
  await handle.executeUpdate<RunStatus, [unknown]>(name, { args: [asked] });
}

/** Resolves once the run is in that state. */
export async function until(handle: WorkflowHandle, state: RunState): Promise<RunStatus> {
  for (;;) {
    const status = await handle.query<RunStatus>('status').catch(() => undefined);
    if (status?.state === state) return status;
    if (status && isClosed(status.state)) throw new Error(`it was to be ${state} and ended as ${status.state}`);
    await pause(20);
  }
}

/** Does `act` before the first such call of a driver, which waits for it. */
export function onFirst(stage: Pick<Stage, 'before'>, wanted: string, act: () => Promise<void>): void {
  let done = false;
  stage.before(async (call) => {
    if (done || call !== wanted) return;
    done = true;
    await act();
  });
}
