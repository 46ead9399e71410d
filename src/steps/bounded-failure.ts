import { ApplicationFailure } from '@temporalio/common';
import type { FailureDetails } from '../errors/index.ts';
import { toFailure, troubleOf } from '../errors/index.ts';
import type { PayloadStore } from '../runs/index.ts';
import { boundTrouble, jsonBytes, payloadLimits } from '../runs/index.ts';
import { keepAfterwards } from './keep.ts';

/**
 * Anything thrown → a failure that fits: the server keeps no failure of any size, and one that it refuses is sent for ever.
 * Evidence that is too large is stored where there is a store; else its beginning is kept.
 */
export async function boundedFailure(error: unknown, store?: PayloadStore): Promise<ApplicationFailure> {
  const failure = toFailure(error);
  const small =
    failure.message.length <= payloadLimits.excerpt && jsonBytes(failure.details ?? []) <= payloadLimits.evidence;
  if (small && causeIsSmall(failure)) return failure;
  const trouble = troubleOf(failure);
  const large = jsonBytes(trouble.evidence) > payloadLimits.evidence;
  const evidence = large && store ? { all: await keepAfterwards(store, trouble.evidence) } : trouble.evidence;
  const { message, problems, evidence: kept } = boundTrouble({ ...trouble, evidence });
  const details = { problems: problems as FailureDetails['problems'], evidence: kept } satisfies FailureDetails;
  return ApplicationFailure.create({
    message,
    type: trouble.code,
    nonRetryable: failure.nonRetryable === true,
    details: [details],
  });
}

function causeIsSmall({ cause }: Error): boolean {
  return !(cause instanceof Error) || cause.message.length <= payloadLimits.excerpt;
}
