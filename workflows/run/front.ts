import type { ApplicationFailure } from '@temporalio/common';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  condition,
  currentUpdateInfo,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { GantryError, toFailure } from '../../src/errors/index.ts';
import type { RunReport, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import {
  abortUpdate,
  approveUpdate,
  pauseUpdate,
  preemptUpdate,
  resolveUpdate,
  resumeUpdate,
  statusQuery,
} from './controls.ts';

/**
 * A run that was started under an id that isn't its target's (typed in the UI, or stamped by a schedule): it starts the
 * real run under the id that is the lock, hands every update on to it and returns its result.
 */
export async function runFront(kind: string, target: string, ownId: string, input: unknown): Promise<RunReport> {
  const front = { started: false, startedAt: new Date(Date.now()).toISOString() };
  const forward =
    (update: UpdateName) =>
    async (request: unknown): Promise<RunStatus> => {
      await condition(() => front.started);
      const updateId = currentUpdateInfo()?.id ?? `${workflowInfo().runId}/${update}`;
      return callControl('forwardUpdate', { workflowId: ownId, update, request, updateId }, `${update} → ${ownId}`);
    };
  setHandler(statusQuery, () => frontStatus(kind, target, ownId, front.startedAt), {
    description: 'Names the run that does the work',
  });
  setHandler(approveUpdate, forward('approve'));
  setHandler(pauseUpdate, forward('pause'));
  setHandler(resumeUpdate, forward('resume'));
  setHandler(abortUpdate, forward('abort'));
  setHandler(resolveUpdate, forward('resolve'));
  setHandler(preemptUpdate, forward('preempt'));

  const { workflowType } = workflowInfo();
  try {
    const child = await startChild<(input: unknown) => Promise<RunReport>>(workflowType, {
      workflowId: ownId,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `${kind} of ${target}`,
    });
    front.started = true;
    return await child.result();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw await busy(kind, target, ownId);
  }
}

async function busy(kind: string, target: string, ownId: string): Promise<ApplicationFailure> {
  const holder = await callControl('describeHolder', { workflowId: ownId }, `who holds ${ownId}`);
  const who = holder
    ? `${holder.kind} (${holder.state}, run ${holder.runId}, since ${holder.since})`
    : 'a run that has just ended';
  const message = `${kind} of ${target} can't start: ${ownId} is held by ${who}`;
  return toFailure(new GantryError('RESOURCE_BUSY', message, { evidence: { holder: holder ?? null } }), {
    final: true,
  });
}

function frontStatus(kind: string, target: string, ownId: string, startedAt: string): RunStatus {
  const { workflowId, runId } = workflowInfo();
  return {
    kind,
    target,
    workflowId,
    runId,
    frontOf: ownId,
    dryRun: false,
    state: 'running',
    since: startedAt,
    startedAt,
    steps: [],
    pending: [],
    pastNoReturn: false,
    actions: [],
  };
}
