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

/** A decision about a park; about the present one unless it says which. */
export type ParkDecision = Omit<ResolveRequest, 'park'> & { park?: string };

/**
 * Decides about a parked run: retry, skip or stop.
 * @throws GantryError what `sendUpdate` throws; NO_WORKER when the park is not named and no worker says which one it is
 */
export async function resolve(client: Client, ref: RunRef, decision: ParkDecision, options?: UpdateOptions) {
  const park = decision.park ?? (await openPark(client, ref));
  return sendUpdate(client, ref, 'resolve', { ...decision, park }, options);
}

/** The park at which the run stands; empty where it stands at none, which the run itself then refuses. */
async function openPark(client: Client, ref: RunRef): Promise<string> {
  const { status, closed, note } = await runStatus(client, ref);
  if (status.parked || closed || note === undefined) return status.parked?.id ?? '';
  const message = `no worker says at which park ${idOf(ref)} is: nothing was sent. Name the park, or send it again when a worker returns`;
  throw new GantryError('NO_WORKER', message, { evidence: { workflowId: idOf(ref) } });
}

/**
 * Sends an update to a run, or to the run behind a proxy run, and answers the state that it has just set.
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
  const { status, proxy, closed, note } = await runStatus(client, ref);
  if (closed) throw ended(status, name);
  const to: RunRef = proxy === undefined ? ref : { workflowId: status.workflowId, runId: status.runId };
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
          `no worker took the ${name} for ${workflowId}. The server holds it: it takes effect when a worker returns, unless the server restarts before that. Look at the state of the run before you send it again`,
          { evidence: { workflowId, update: name } },
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
