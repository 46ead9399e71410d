import type { Client } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { GantryError } from '../errors/index.ts';

/** The gRPC status codes that decisions here rest on (google.rpc.Code). */
export const grpc = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  failedPrecondition: 9,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** How long one request may take, the client's own retries included. */
export const requestMs = 10_000;

/**
 * One request with a deadline: without one the client retries a dead server for half a minute, and some calls wait for a
 * worker for ever.
 * @throws GantryError for what the server is known to answer, else what was thrown.
 */
export async function ask<T>(client: Client, request: () => Promise<T>, ms = requestMs): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + ms, request);
  } catch (error) {
    throw serverError(error) ?? error;
  }
}

/** What the server (or its absence) said, as a catalogue error; undefined for what only the caller can judge. */
export function serverError(error: unknown): GantryError | undefined {
  if (error instanceof GantryError) return error;
  if (error instanceof WorkflowNotFoundError) {
    const { workflowId } = error;
    return new GantryError('RUN_NOT_FOUND', `no run ${workflowId}`, { evidence: { workflowId, said: error.message } });
  }
  if (error instanceof NamespaceNotFoundError) {
    const { namespace } = error;
    return new GantryError('NAMESPACE_NOT_FOUND', `the server has no namespace ${namespace}`, {
      evidence: { namespace },
    });
  }
  const status = grpcStatus(error);
  if (!status) return undefined;
  const { code, details } = status;
  if (code === grpc.permissionDenied || code === grpc.unauthenticated)
    return new GantryError('SERVER_REFUSED', `the Temporal server refused: ${details}`, {
      evidence: { code, details },
    });
  if (code === grpc.unavailable || isDeadline(status))
    return new GantryError('NO_SERVER', `the Temporal server does not answer: ${details}`, {
      evidence: { code, details },
      cause: error,
    });
  return undefined;
}

/**
 * Whether a request ran out of its time. The server knows the deadline too: where its clock is the first to see it, it
 * resets the stream, and the client then reads "cancelled". No request here is cancelled by ourselves.
 */
export function isDeadline(status: { code: number } | undefined): boolean {
  return status?.code === grpc.deadlineExceeded || status?.code === grpc.cancelled;
}

/** The gRPC status at the bottom of an error's causes. */
export function grpcStatus(error: unknown): { code: number; details: string } | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return { code: at.code, details: at.details };
  }
  return undefined;
}
