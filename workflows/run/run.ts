import type { ErrorCode } from '../../src/errors/index.ts';
import { problem, refusal, troubleOf } from '../../src/errors/index.ts';
import type {
  ListTally,
  Plan,
  PlanCall,
  RunInput,
  RunPolicy,
  StepReport,
  TroubleRecord,
} from '../../src/runs/index.ts';
import { defaultStartMs } from '../../src/runs/index.ts';
import { abandonable } from './abandonable.ts';
import { awaitApproval } from './approval.ts';
import type { ActivityRef, StepRef } from './call.ts';
import { callDomain, placeOf } from './call.ts';
import type { ChildSpec } from './child.ts';
import type { ChildrenOptions } from './children.ts';
import { runChildren } from './children.ts';
import type { RunContext } from './context.ts';
import { profileOf, throwIfInterrupted } from './context.ts';
import { runCritical } from './critical.ts';
import type { CriticalOptions, CriticalStep } from './critical.ts';
import { Ending } from './ending.ts';
import { recheck } from './invariants.ts';
import type { ListOptions } from './list.ts';
import { runList } from './list.ts';
import { notify } from './notify.ts';
import { whenWorkerIsThere } from './no-worker.ts';
import { ifItFails } from './if-it-fails.ts';
import { runThreeWayGate } from './three-way-gate.ts';
import type { ThreeWayGateOptions } from './three-way-gate.ts';
import { runGraph } from './graph.ts';
import type { GraphNode, GraphOptions } from './graph.ts';
import { holding } from './hold.ts';
import type { Lock, StillHeld } from './hold.ts';
import { inPhase } from './phase.ts';
import { runSoak } from './soak.ts';
import { runUntil } from './until.ts';
import type { UntilOptions } from './until.ts';
import { waitFor } from './wait.ts';
import { runStep } from './steps.ts';
import type { StepOptions } from './steps.ts';

/** Something that a run found and leaves as it is. */
export type Found = { code: ErrorCode; message: string; place: string };

/** What a workflow's body works with. Each call is a line of the runbook. */
/** `S`: the names of the steps that it may take, those of its kind. */
export type Run<S extends string = string> = {
  /** Where the target stands, if only workers of its region reach it: for the references to its steps. */
  readonly region: string | undefined;
  /**
   * Reads live facts and plans. A refusal ends the run with every problem; a dry run ends here. An input that is a
   * function is gathered again for each plan, also for the one after an approval.
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
    ref: StepRef<I, O, S>,
    input: I,
    options?: StepOptions,
  ) => Promise<StepReport<O> | undefined>;
  /** Does several steps that must not be torn apart; answers what each found at its end. */
  critical: (
    steps: readonly CriticalStep<unknown, unknown, S>[],
    options: CriticalOptions,
  ) => Promise<readonly unknown[]>;
  /** Runs that this one is made of, some at once; answers which of them are done. */
  children: <I, O>(specs: readonly ChildSpec<S>[], options: ChildrenOptions<I, O, S>) => Promise<readonly boolean[]>;
  /**
   * Runs of one kind, as many as a list has, some at once: for lists that may be long. Parks where some have failed; `retry`
   * runs those again and goes on with the rest.
   */
  list: (title: string, options: ListOptions<S>) => Promise<ListTally>;
  /**
   * Looks now at what earlier steps of this run made (`invariant`): what no longer holds parks the run with DRIFTED. For what
   * may have undone it: a reboot, say.
   */
  recheck: () => Promise<void>;
  /** Lets time pass, durably; pause, abort and pre-emption take effect meanwhile. */
  wait: (title: string, ms: number) => Promise<void>;
  /** Waits until a look finds it done, for hours or days; answers the last look, nothing if it was skipped. */
  until: <I, O>(
    title: string,
    ref: StepRef<I, O, S>,
    input: I,
    options: UntilOptions<O>,
  ) => Promise<StepReport<O> | undefined>;
  /**
   * Looks until a gate passes. One that says no parks the run at once, or at the deadline where it may still turn; one that has
   * nothing to go by until then parks it as inconclusive. Answers the last look, nothing if it was skipped.
   */
  gate: <I, O>(
    title: string,
    ref: StepRef<I, O, S>,
    input: I,
    options: ThreeWayGateOptions,
  ) => Promise<StepReport<O> | undefined>;
  /**
   * Lanes side by side, each begun when those that it comes after have ended. One that is in trouble parks the run and keeps
   * what depends on it from beginning; the others go on.
   */
  graph: (nodes: readonly GraphNode<Lane<S>>[], options: GraphOptions) => Promise<void>;
  /** Holds locks besides its own, those of other procedures, while the body runs. */
  holding: <T>(title: string, locks: readonly Lock[], body: (stillHeld: StillHeld) => Promise<T>) => Promise<T>;
  /** A body in which failures of these codes are answered to the body instead of parking the run. */
  ifItFails: <T, F>(
    codes: readonly ErrorCode[],
    body: () => Promise<T>,
    then: (trouble: TroubleRecord) => Promise<F>,
  ) => Promise<T | F>;
  /** A part of the runbook with a clock of its own in the ledger of the status and the report. */
  phase: <T>(name: string, body: () => Promise<T>) => Promise<T>;
  /** Puts a figure into the report; its unit is in the name. */
  measure: (name: string, value: number) => void;
  /** What the steps have counted so far, by name: every call of them, looks too. */
  asked: () => Readonly<Record<string, number>>;
  /** Tells people of something that the run found and does not act upon; it goes on. */
  tell: (message: string, found: readonly Found[]) => void;
  /** Watches a gate for a while. */
  soak: <I, O>(soak: RunPolicy['soak'], ref: StepRef<I, O, S>, input: I) => Promise<void>;
};

/** What the body of a lane works with: it neither plans nor asks, and the undo is the run's. */
export type Lane<S extends string = string> = Pick<Run<S>, 'step' | 'gate'>;

export function createRun(context: RunContext): Run {
  return {
    region: context.region,
    plan: async (ref, input) => {
      const { runRecord, policy } = context;
      const { kind, target } = runRecord;
      const make = async (summary: string): Promise<Plan<never>> => {
        try {
          const gathered = typeof input === 'function' ? await input() : input;
          const call = { input: gathered, kind, target, policy };
          const profile = profileOf(context);
          const act = (startMs: number): Promise<unknown> =>
            abandonable(context, () => callDomain(ref, call, profile, summary, startMs));
          const startMs = profile.startMs ?? defaultStartMs;
          const work = { ...placeOf(ref), title: summary, shielded: false, startMs, act, look: act };
          return (await whenWorkerIsThere(context, work)) as Plan<never>;
        } catch (error) {
          throw error instanceof Ending ? error : new Ending('refused', troubleOf(error));
        }
      };
      const plan = await make('plan');
      throwIfInterrupted(context);
      context.plans.push({ plan, again: () => make('plan again') });
      context.platformDigest = plan.platformDigest;
      runRecord.planned(plan);
      if (runRecord.dryRun) throw new Ending('planned');
      return plan;
    },
    approval: (plan) => awaitApproval(context, plan),
    step: (title, ref, input, options) => runStep(context, title, ref, input, options),
    critical: (steps, options) => runCritical(context, steps, options),
    children: (specs, options) => runChildren(context, specs, options as ChildrenOptions),
    list: (title, options) => runList(context, title, options),
    recheck: () => recheck(context),
    wait: (title, ms) => waitFor(context, title, ms),
    until: (title, ref, input, options) => runUntil(context, title, ref, input, options),
    gate: (title, ref, input, options) => runThreeWayGate(context, title, ref, input, options),
    graph: (nodes, options) =>
      runGraph(
        context,
        nodes.map(({ body, ...node }) => ({ ...node, body: (view: RunContext) => body(createRun(view)) })),
        options,
      ),
    holding: (title, locks, body) => holding(context, title, locks, body),
    ifItFails: (codes, body, then) => ifItFails(context, codes, body, then),
    phase: (name, body) => inPhase(context, name, body),
    measure: (name, value) => {
      context.runRecord.measurements[name] = Math.round(value * 1000) / 1000;
    },
    asked: () =>
      Object.fromEntries(
        Object.entries(context.runRecord.measurements).flatMap(([name, value]) =>
          name.startsWith('asked.') ? [[name.slice('asked.'.length), value]] : [],
        ),
      ),
    tell: (message, found) => {
      const problems = found.map(({ code, message: what, place }) => problem(code, what, place));
      notify(context, 'drift', message, troubleOf(refusal(problems)));
    },
    soak: (soak, ref, input) => runSoak(context, soak, ref, input),
  };
}
