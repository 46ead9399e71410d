import type { ErrorCode } from '../../src/errors/index.ts';
import { problem, refusal, troubleOf } from '../../src/errors/index.ts';
import type { Plan, PlanCall, RunInput, RunPolicy, StepReport } from '../../src/runs/index.ts';
import { awaitApproval } from './approval.ts';
import type { ActivityRef, StepRef } from './call.ts';
import { callDomain } from './call.ts';
import type { ChildSpec } from './child.ts';
import type { ChildrenOptions } from './children.ts';
import { runChildren } from './children.ts';
import type { RunContext } from './context.ts';
import { profileOf, throwIfInterrupted } from './context.ts';
import { runCritical } from './critical.ts';
import type { CriticalOptions, CriticalStep } from './critical.ts';
import { Ending } from './ending.ts';
import { notify } from './notify.ts';
import { runSoak } from './soak.ts';
import { waitFor } from './wait.ts';
import { runStep } from './steps.ts';
import type { StepOptions } from './steps.ts';

/** Something that a run found and leaves as it is. */
export type Found = { code: ErrorCode; message: string; place: string };

/** What a workflow's body works with. Each call is a line of the runbook. */
export type Run = {
  /**
   * Reads live facts and plans. A refusal ends the run with every problem; a dry run ends here. An input that is a
   * function is gathered anew for each plan, also for the one after an approval.
   */
  plan: <I extends RunInput, D>(
    ref: ActivityRef<PlanCall<I>, Plan<D>>,
    input: I | (() => Promise<I>),
  ) => Promise<Plan<D>>;
  /** Waits for the approvals that the policy asks for. */
  approval: (plan: Plan<unknown>) => Promise<void>;
  /** Does one step; answers nothing if it was skipped. */
  step: <I, O>(
    title: string,
    ref: StepRef<I, O>,
    input: I,
    options?: StepOptions,
  ) => Promise<StepReport<O> | undefined>;
  /** Does several steps that must not be torn apart; answers what each found at its end. */
  critical: (steps: readonly CriticalStep[], options: CriticalOptions) => Promise<readonly unknown[]>;
  /** Runs that this one is made of, some at once; answers which of them are done. */
  children: <I, O>(specs: readonly ChildSpec[], options: ChildrenOptions<I, O>) => Promise<readonly boolean[]>;
  /** Lets time pass, durably; pause, abort and pre-emption take effect meanwhile. */
  wait: (title: string, ms: number) => Promise<void>;
  /** Puts a figure into the report; its unit is in the name. */
  measure: (name: string, value: number) => void;
  /** Tells people of something that the run found and does not act upon; it goes on. */
  tell: (message: string, found: readonly Found[]) => void;
  /** Watches a gate for a while. */
  soak: <I, O>(soak: RunPolicy['soak'], ref: StepRef<I, O>, input: I) => Promise<void>;
};

export function createRun(context: RunContext): Run {
  return {
    plan: async (ref, input) => {
      const { book, policy, platformDigest } = context;
      const { kind, target } = book;
      const make = async (summary: string): Promise<Plan<never>> => {
        try {
          const gathered = typeof input === 'function' ? await input() : input;
          const call = { input: gathered, kind, target, policy, platformDigest };
          return (await callDomain(ref, call, profileOf(context), summary)) as Plan<never>;
        } catch (error) {
          throw error instanceof Ending ? error : new Ending('refused', troubleOf(error));
        }
      };
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
    children: (specs, options) => runChildren(context, specs, options as ChildrenOptions),
    wait: (title, ms) => waitFor(context, title, ms),
    measure: (name, value) => {
      context.book.measurements[name] = Math.round(value * 1000) / 1000;
    },
    tell: (message, found) => {
      const problems = found.map(({ code, message: what, place }) => problem(code, what, place));
      notify(context, 'drift', message, troubleOf(refusal(problems)));
    },
    soak: (soak, ref, input) => runSoak(context, soak, ref, input),
  };
}
