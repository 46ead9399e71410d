import { createHash } from 'node:crypto';
import type { Plan, PlanCall, PlanDraft } from '../runs/index.ts';
import { canonicalJson } from '../runs/index.ts';
import type { StepRuntime } from './step-activity.ts';

/** Hexadecimal digits of a plan's hash: short enough to read aloud, long enough that nobody meets two. */
const hashDigits = 16;

/**
 * A draft and the call it was made for → the plan as it is shown and approved. The hash covers everything but the facts,
 * the warnings and the picture, which move by themselves, and the digest of the platform file, which may change in what the
 * plan does not say: what is approved is what will be done.
 */
export function sealPlan<I, D>(
  draft: PlanDraft<D>,
  { kind, target, policy }: PlanCall<I>,
  { digestOf }: Pick<StepRuntime, 'digestOf'>,
): Plan<D> {
  const { facts, warnings, picture, needsApproval, ...lasting } = draft;
  const sealed = { ...lasting, kind, target, policy };
  const hash = createHash('sha256').update(canonicalJson(sealed)).digest('hex').slice(0, hashDigits);
  return {
    ...{ ...sealed, platformDigest: digestOf(kind, target), facts, warnings, hash },
    ...(picture ? { picture } : {}),
    ...(needsApproval?.length ? { needsApproval } : {}),
  };
}
