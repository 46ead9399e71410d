import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { GantryError, troubleOf } from '../errors/index.ts';
import type {
  AbortRequest,
  ApproveRequest,
  PauseRequest,
  ResolveRequest,
  ResumeRequest,
  RunStatus,
  UpdateName,
  UpdateRequests,
} from '../runs/index.ts';
import { updateNames } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf, idOf } from './run-ref.ts';
import { runStatus } from './status.ts';
import { serverError } from './server-error.ts';

/** Sending the same `updateId` again answers what the first one did. */
export type UpdateOptions = { updateId?: string };

/** A worker takes an update in milliseconds; without one it would wait for ever. Shorter where no worker answered a query. */
const acceptMs = 10_000;
const unansweredMs = 2_000;

/** Some handlers look at the system before they answer (`skip`, `resume`). */
const answerMs = 120_000;

/** Approves the plan with this hash. */
export function approve(client: Client, ref: RunRef, request: ApproveRequest, options?: UpdateOptions) {
  return sendUpdate(client, ref, 'approve', request, options);
}

/** Halts the run at its next safe point. */
export function pause(client: Client, ref: RunRef, request: PauseRequest, options?: UpdateOptions) {
  return sendUpdate(client, ref, 'pause', request, options);
}

/** Lets a paused run go on, once what it had made is found unchanged. */
export function resume(client: Client, ref: RunRef, request: ResumeRequest, options?: UpdateOptions) {
  return sendUpdate(client, ref, 'resume', request, options);
}

/** Undoes what the run changed, in reverse. */
export function abort(client: Client, ref: RunRef, request: AbortRequest, options?: UpdateOptions) {
  return sendUpdate(client, ref, 'abort', request, options);
}

/** Decides about a parked run: retry, skip or stop. */
export function resolve(client: Client, ref: RunRef, request: ResolveRequest, options?: UpdateOptions) {
  return sendUpdate(client, ref, 'resolve', request, options);
}

/**
 * Sends an update to a run, or to the run behind a front, and answers the state that it has just set.
 * @throws GantryError what the run refuses it with (WRONG_STATE, APPROVAL_REJECTED, PAST_NO_RETURN, SKIP_REFUSED, …);
 *   WRONG_STATE for a run that has ended; RUN_NOT_FOUND; NO_WORKER when no worker takes it.
 */
export async function sendUpdate<N extends UpdateName>(
  client: Client,
  ref: RunRef,
  name: N,
  request: UpdateRequests[N],
  options: UpdateOptions = {},
): Promise<RunStatus> {
  const { status, front, closed, note } = await runStatus(client, ref);
  if (closed) throw ended(status, name);
  const to: RunRef = front === undefined ? ref : { workflowId: status.workflowId, runId: status.runId };
  const within = <T>(ms: number, request: () => Promise<T>) => client.connection.withDeadline(Date.now() + ms, request);
  let accepted = false;
  try {
    const handle = await within(note === undefined ? acceptMs : unansweredMs, () =>
      handleOf(client, to).startUpdate<RunStatus, [UpdateRequests[N]]>(updateNames[name], {
        args: [request],
        updateId: options.updateId ?? randomUUID(),
        waitForStage: 'ACCEPTED',
      }),
    );
    accepted = true;
    return await within(answerMs, () => handle.result());
  } catch (error) {
    throw await refused(error, { client, to, name, accepted });
  }
}

type Sent = { client: Client; to: RunRef; name: UpdateName; accepted: boolean };

async function refused(error: unknown, { client, to, name, accepted }: Sent): Promise<unknown> {
  if (error instanceof WorkflowUpdateFailedError) {
    const { code, message, problems, evidence } = troubleOf(error.cause ?? error);
    return new GantryError(code, message, { problems, evidence, cause: error.cause });
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const workflowId = idOf(to);
    return accepted
      ? new GantryError('STEP_TIMEOUT', `${workflowId} took the ${name} and has not answered it yet`, {
          evidence: { workflowId, update: name },
        })
      : new GantryError(
          'NO_WORKER',
          `no worker took the ${name} for ${workflowId}: look at its state before you send it again`,
          {
            evidence: { workflowId, update: name },
          },
        );
  }
  // It ended between our look and the update: the server then says "not found".
  if (error instanceof WorkflowNotFoundError) {
    const { status } = await runStatus(client, to);
    return ended(status, name);
  }
  return serverError(error) ?? error;
}

function ended(status: RunStatus, name: UpdateName): GantryError {
  const { workflowId, runId, state, since } = status;
  return new GantryError('WRONG_STATE', `${workflowId} ended as ${state} at ${since}: nothing to ${name}`, {
    evidence: { workflowId, runId, state, since },
  });
}
