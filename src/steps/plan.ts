import type { ErrorCode } from '../errors/index.ts';
import { GantryError, problem, refusal } from '../errors/index.ts';
import type { Kind, Plan, PlanActivity, PlanCall, PlanDraft, PlannedStep } from '../runs/index.ts';
import { boundPlan, jsonBytes, payloadLimits } from '../runs/index.ts';
import { plainActivity } from './plain-activity.ts';
import { sealPlan } from './seal-plan.ts';
import type { StepRuntime } from './step-activity.ts';

/** Something that is in the way; the catalogue has the hint. */
type Finding = { code: ErrorCode; message: string; place?: string };

/** What a pure planner answers. `S`: the steps that it may announce. */
export type Planned<D, S extends string = string> =
  { ok: true; draft: PlanDraft<D, S> } | { ok: false; findings: readonly Finding[] };

/** How a kind of run is planned: reads facts, calls a pure planner, changes nothing. */
export type PlanDefinition<K extends Kind, I, D, Deps> = {
  kind: K;
  plan: (
    call: PlanCall<I>,
    deps: Deps,
    signal: AbortSignal,
    runtime: Pick<StepRuntime, 'payloads'>,
  ) => Promise<Planned<D, PlannedStep<K>>>;
};

/** Gives a plan its types where it is declared; it announces no step that its kind doesn't have. */
export function definePlan<K extends Kind, I, D, Deps>(
  kind: K,
  plan: PlanDefinition<K, I, D, Deps>['plan'],
): PlanDefinition<K, I, D, Deps> {
  return { kind, plan };
}

/**
 * A plan's definition and its drivers → the Temporal activity. The plan names the part of this worker's platform file that it
 * was made from.
 * @throws every finding at once, each with the place in its way; PLAN_TOO_LARGE; what reading gives
 */
export function planActivity<K extends Kind, I, D, Deps>(
  { plan }: PlanDefinition<K, I, D, Deps>,
  deps: Deps,
  runtime: StepRuntime,
): PlanActivity<I, D> {
  return plainActivity(async (call, signal) => {
    const planned = await plan(call, deps, signal, runtime);
    if (planned.ok) return fitting(sealPlan(planned.draft, call, runtime));
    throw refusal(planned.findings.map(({ code, message, place }) => problem(code, message, place)));
  });
}

/** What the plan shows may take this much; what it is carried out from must come along as a whole. */
const shownBytes = 64 * 1024;
const planBytes = payloadLimits.payload - 2 * payloadLimits.evidence;

/** What is shown is cut before the plan is refused. The hash stays that of the whole. */
function fitting<D>(plan: Plan<D>): Plan<D> {
  if (jsonBytes(plan) <= planBytes) return plan;
  const { data, ...view } = plan;
  const cut = { ...view, picture: undefined, ...boundPlan(view, shownBytes), data };
  const bytes = jsonBytes(cut);
  if (bytes <= planBytes) return cut as Plan<D>;
  const message = `the plan has ${plan.actions.length} actions and ${bytes} bytes; ${planBytes} fit`;
  throw new GantryError('PLAN_TOO_LARGE', message, {
    evidence: { actions: plan.actions.length, bytes, fits: planBytes },
  });
}
