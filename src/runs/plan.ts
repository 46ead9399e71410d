import type { RebalancePlan } from './clickhouse/rebalance.ts';
import type { RunPolicy } from './policy.ts';

/** One line of a plan: what will be done, in words. */
export type PlannedAction<S extends string = string> = {
  /** The name of the step that will do it: a run's steps are all announced. */
  step: S;
  what: string;
  /** Whether `abort` after it still brings back what was there before. */
  reversible: boolean;
  /** An estimate, where there is a basis for one. */
  estimateMs?: number;
};

/**
 * What a pure planner makes of live facts.
 *
 * `data` is what the steps work from and is part of the hash: it must hold no reading that moves by itself (an offset, a
 * lag). Those are `facts`, shown with the plan and left out of its hash.
 */
export type PlanDraft<D, S extends string = string> = {
  /** One line: what this run will do. */
  title: string;
  actions: readonly PlannedAction<S>[];
  /** Readings at planning time, for people. */
  facts: readonly { label: string; value: string }[];
  warnings: readonly string[];
  /** What can't be undone, in words. */
  irreversible: readonly string[];
  /** Why somebody must approve it even where the policy asks nobody, in words. Not part of the hash. */
  needsApproval?: readonly string[];
  /** What makes the approved plan void if it is found changed later, in words. */
  voidIf: readonly string[];
  /** The plan with its readings, for those who draw it. Not part of the hash. */
  picture?: PlanPicture;
  data: D;
};

/** What can be drawn of a plan. */
export type PlanPicture = { kind: 'rebalance'; plan: RebalancePlan };

/** A plan as it is shown, hashed, approved and carried out. */
export type Plan<D> = PlanDraft<D> & {
  kind: string;
  target: string;
  policy: RunPolicy;
  /** Of what the plan depends on in the platform file of the worker that made it. Not part of the hash. */
  platformDigest: string;
  /** SHA-256 (hex, 16 digits) over what will be done: not the facts, the warnings, the picture or why it needs an approval. */
  hash: string;
};

/** The one argument of every planning activity. */
export type PlanCall<I> = { input: I; kind: string; target: string; policy: RunPolicy };

/** A planning activity: reads live facts, calls a pure planner, seals the result. */
export type PlanActivity<I, D> = (call: PlanCall<I>) => Promise<Plan<D>>;
