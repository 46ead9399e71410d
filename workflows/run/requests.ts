import type { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, condition } from '@temporalio/workflow';
import type { ErrorCode } from '../../src/errors/index.ts';
import { GantryError, toFailure } from '../../src/errors/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import type { RunRecord } from './record.ts';

/**
 * A decision answers the state that it has set. The body goes on in the workflow task that brought the decision, so that this
 * waits for no event, starts no timer and never piles updates up. Shielded: a cancelled run answers too.
 */
export async function answerOnce(runRecord: RunRecord, set: () => boolean): Promise<RunStatus> {
  await CancellationScope.nonCancellable(() => condition(set));
  return runRecord.answer();
}

const texts = ['reason', 'note', 'token', 'acceptedRisk', 'kind', 'planHash', 'action', 'park'] as const;

/** An update's argument comes from a text field of the UI: whatever it is, it is refused here or safe to work with. */
export function checkRequest(request: unknown): void {
  if (typeof request !== 'object' || request === null) reject('INVALID_INPUT', 'the argument must be one JSON object');
  const fields = request as Record<string, unknown>;
  if (typeof fields['by'] !== 'string' || fields['by'].trim() === '') reject('INVALID_INPUT', '`by` must say who asks');
  for (const name of texts) {
    if (fields[name] !== undefined && typeof fields[name] !== 'string')
      reject('INVALID_INPUT', `\`${name}\` must be text`);
  }
}

export function reject(code: ErrorCode, message: string): never {
  throw failure(code, message);
}

export function failure(code: ErrorCode, message: string): ApplicationFailure {
  return toFailure(new GantryError(code, message), { final: true });
}
