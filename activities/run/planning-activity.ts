import type { ErrorCode } from '../../src/errors/index.ts';
import { GantryError, problem, refusal } from '../../src/errors/index.ts';
import type { PlanActivity, PlanCall, PlanDraft } from '../../src/runs/index.ts';
import type { StepRuntime } from '../../src/steps/index.ts';
import { plainActivity } from '../../src/steps/index.ts';
import { sealPlan } from './seal-plan.ts';

/** Something that is in the way; the catalogue has the hint. */
type Finding = { code: ErrorCode; message: string; place?: string };

/** What a pure planner answers. */
export type Planned<D> = { ok: true; draft: PlanDraft<D> } | { ok: false; findings: readonly Finding[] };

/**
 * Reads facts and plans; changes nothing.
 * @throws every finding at once, each with the place in its way; PLATFORM_CHANGED; what reading gives
 */
export function planningActivity<I, D>(
  runtime: StepRuntime,
  plan: (call: PlanCall<I>, signal: AbortSignal) => Promise<Planned<D>>,
): PlanActivity<I, D> {
  return plainActivity(async (call, signal) => {
    if (call.platformDigest !== runtime.platformDigest) {
      throw new GantryError('PLATFORM_CHANGED', 'this worker has another platform file than the run began with', {
        evidence: { planned: call.platformDigest, worker: runtime.platformDigest },
      });
    }
    const planned = await plan(call, signal);
    if (planned.ok) return sealPlan(planned.draft, call);
    throw refusal(planned.findings.map(({ code, message, place }) => problem(code, message, place)));
  });
}
