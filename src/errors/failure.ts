import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/common';
import type { ErrorCode } from './catalogue.ts';
import { entryOf, isErrorCode } from './catalogue.ts';
import type { Evidence, Problem } from './gantry-error.ts';
import { GantryError, problem } from './gantry-error.ts';

/** What travels in the details of every failure that Gantry gives to Temporal. */
export type FailureDetails = { problems: readonly Problem[]; evidence: Evidence };

/** What went wrong, read back from any failure: for parks, reports and people. */
export type Trouble = {
  code: ErrorCode;
  message: string;
  hint: string;
  problems: readonly Problem[];
  evidence: Evidence;
};

/**
 * Anything thrown → the failure that Temporal records: type = code, details = problems and evidence.
 * `final`: not to be retried, though its code could be.
 */
export function toFailure(error: unknown, options: { final?: boolean } = {}): ApplicationFailure {
  if (error instanceof ApplicationFailure && isErrorCode(error.type)) return error;
  const trouble = troubleOf(error);
  const details: FailureDetails = { problems: trouble.problems, evidence: trouble.evidence };
  return ApplicationFailure.create({
    message: trouble.message,
    type: trouble.code,
    nonRetryable: options.final === true || !entryOf(trouble.code).retryable,
    details: [details],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

/** Any error or failure, as deep as its known cause lies → code, message, hint, problems, evidence. Never "unknown error". */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof GantryError) return trouble(error.code, error.message, error.problems, error.evidence);
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure)
    return troubleOf(error.cause ?? error.message);
  if (error instanceof TimeoutFailure) {
    // The last attempt's own failure says more than "timed out", where there is one.
    if (error.cause instanceof ApplicationFailure) return troubleOf(error.cause);
    return trouble('STEP_TIMEOUT', `timed out (${error.timeoutType})`, undefined, {
      timeout: error.timeoutType,
      lastHeartbeat: error.lastHeartbeatDetails,
    });
  }
  if (error instanceof ApplicationFailure && isErrorCode(error.type)) {
    const details = error.details?.[0] as Partial<FailureDetails> | undefined;
    return trouble(error.type, error.message, details?.problems, details?.evidence ?? {});
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return trouble(
    'UNEXPECTED',
    message,
    undefined,
    error instanceof Error && error.cause instanceof Error ? { cause: error.cause.message } : {},
  );
}

function trouble(
  code: ErrorCode,
  message: string,
  problems: readonly Problem[] | undefined,
  evidence: Evidence,
): Trouble {
  return {
    code,
    message,
    hint: entryOf(code).hint,
    problems: problems?.length ? problems : [problem(code, message)],
    evidence,
  };
}
