import { troubleOf } from '../../src/errors/index.ts';
import type { Plan, PlanCall, RunInput, RunPolicy, StepReport } from '../../src/runs/index.ts';
import { awaitApproval } from './approval.ts';
import type { ActivityRef, StepRef } from './call.ts';
import { callDomain } from './call.ts';
import type { RunContext } from './context.ts';
import { profileOf, throwIfInterrupted } from './context.ts';
import { runCritical } from './critical.ts';
import type { CriticalOptions, CriticalStep } from './critical.ts';
import { Ending } from './ending.ts';
import { runSoak } from './soak.ts';
import { runStep } from './steps.ts';
import type { StepOptions } from './steps.ts';

/** What a workflow's body works with. Each call is a line of the runbook. */
export type Run = {
  /** Reads live facts and plans. A refusal ends the run with every problem; a dry run ends here. */
  plan: <I extends RunInput, D>(ref: ActivityRef<PlanCall<I>, Plan<D>>, input: I) => Promise<Plan<D>>;
  /** Waits for the approvals that the policy asks for. */
  approval: (plan: Plan<unknown>) => Promise<void>;
  /** Does one step; answers nothing if it was skipped. */
  step: <I, O>(
    title: string,
    ref: StepRef<I, O>,
    input: I,
    options?: StepOptions,
  ) => Promise<StepReport<O> | undefined>;
  /** Does several steps that must not be torn apart. */
  critical: (steps: readonly CriticalStep[], options: CriticalOptions) => Promise<void>;
  /** Watches a gate for a while. */
  soak: <I, O>(soak: RunPolicy['soak'], ref: StepRef<I, O>, input: I) => Promise<void>;
};

export function createRun(context: RunContext): Run {
  return {
    plan: async (ref, input) => {
      const { book, policy, platformDigest } = context;
      const { kind, target } = book;
      const make = (summary: string): ReturnType<typeof callDomain<PlanCall<typeof input>, Plan<never>>> =>
        callDomain(ref, { input, kind, target, policy, platformDigest }, profileOf(context), summary).catch(
          (error: unknown) => {
            throw new Ending('refused', troubleOf(error));
          },
        ) as Promise<Plan<never>>;
      const plan = await make('plan');
      throwIfInterrupted(context);
      context.replan = () => make('plan again, since time has passed');
      book.planned(plan);
      if (book.dryRun) throw new Ending('planned');
      return plan;
    },
    approval: (plan) => awaitApproval(context, plan),
    step: (title, ref, input, options) => runStep(context, title, ref, input, options),
    critical: (steps, options) => runCritical(context, steps, options),
    soak: (soak, ref, input) => runSoak(context, soak, ref, input),
  };
}
