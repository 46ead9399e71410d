import { createHash } from 'node:crypto';
import type { Plan, PlanCall, PlanDraft } from '../../src/runs/index.ts';

/** Hexadecimal digits of a plan's hash: short enough to read aloud, long enough that nobody meets two. */
const hashDigits = 16;

/**
 * A draft and the call it was made for → the plan as it is shown and approved. The hash covers everything but the facts,
 * the warnings and the picture, which move by themselves: what is approved is what will be done.
 */
export function sealPlan<I, D>(draft: PlanDraft<D>, call: PlanCall<I>): Plan<D> {
  const { kind, target, policy, platformDigest } = call;
  const { facts, warnings, picture, needsApproval, ...lasting } = draft;
  const sealed = { ...lasting, kind, target, policy, platformDigest };
  const hash = createHash('sha256').update(canonicalJson(sealed)).digest('hex').slice(0, hashDigits);
  return {
    ...{ ...sealed, facts, warnings, hash },
    ...(picture ? { picture } : {}),
    ...(needsApproval?.length ? { needsApproval } : {}),
  };
}

/** JSON with the keys of every object in order and what is undefined left out: the same value, the same text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
