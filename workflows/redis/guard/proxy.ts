import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import { ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { GantryError } from '../../../src/errors/index.ts';
import type { GuardEnd, RedisGuardInput } from '../../../src/runs/index.ts';
import { guardKind, guardType } from '../../../src/runs/index.ts';
import { callControl } from '../../run/call.ts';

/**
 * A guard that was started under an id that isn't its group's (typed in the UI, or stamped by a schedule): it starts the
 * real one, or finds it, says so and ends. There is nothing to hand on: a guard has no result to wait for.
 * @throws GUARD_RUNS_ALREADY where the real one runs with another mode than was asked for
 */
export async function startGuard(target: string, guard: string, input: RedisGuardInput): Promise<GuardEnd> {
  try {
    const child = await startChild<(input: RedisGuardInput) => Promise<GuardEnd>>(guardType, {
      workflowId: guard,
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `${guardKind} of ${target}`,
    });
    return { guard, runId: child.firstExecutionRunId, started: true, words: `started ${guard}` };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const [running, holder] = await Promise.all([
    callControl('askGuard', { workflowId: guard }, `how ${guard} runs`),
    callControl('describeHolder', { workflowId: guard }, `who runs as ${guard}`),
  ]);
  if (running && input.mode !== undefined && running.mode !== input.mode) {
    const message = `${guard} runs already, with mode ${running.mode} instead of ${input.mode}`;
    throw new GantryError('GUARD_RUNS_ALREADY', message, { evidence: { guard, mode: running.mode } });
  }
  const mode = running ? `mode ${running.mode}` : 'its mode could not be asked: no worker answers for it';
  const words = `${guard} runs already, since ${running?.startedAt ?? holder?.since ?? 'a moment ago'}; ${mode}`;
  const status = running ? { status: running } : {};
  return { guard, runId: running?.runId ?? holder?.runId ?? '', started: false, words, ...status };
}
