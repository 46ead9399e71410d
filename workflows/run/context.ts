import type { CancellationScope } from '@temporalio/workflow';
import type { ActivityProfile, Plan, ProfileName, RunPolicy, StepRecord } from '../../src/runs/index.ts';
import type { RunBook } from './book.ts';
import type { StepRef } from './call.ts';
import type { Controls } from './controls.ts';
import { Ending } from './ending.ts';

/** A way back: data, so that a run can walk it whatever became of the code that registered it. */
export type UndoEntry = {
  title: string;
  ref: StepRef<unknown, unknown>;
  input: unknown;
  before: unknown;
  unit: string;
  record: StepRecord;
};

/** Something that this run made and that must still hold later. */
export type Invariant = { title: string; ref: StepRef<unknown, unknown>; input: unknown; unit: string };

/** What the parts of the runtime share about one run. */
export type RunContext = {
  readonly book: RunBook;
  readonly controls: Controls;
  readonly policy: RunPolicy;
  readonly platformDigest: string;
  /** Makes the plan anew; set by `plan`. */
  replan: (() => Promise<Plan<unknown>>) | undefined;
  readonly undo: UndoEntry[];
  readonly invariants: Invariant[];
  /** Notices under way; the run doesn't wait for them before it ends. */
  readonly notices: Promise<void>[];
  /** Somebody cancelled the workflow. The body is shielded and looks at this at its safe points. */
  cancelled: boolean;
  /** The scope of the cancellable step under way. */
  active: CancellationScope | undefined;
  /** Walking back: neither cancellation nor abort interrupts it. */
  undoing: boolean;
};

export function profileOf(context: RunContext, name: ProfileName = 'quick'): ActivityProfile {
  return context.policy.profiles[name];
}

/**
 * Whether something wants the run to end at its next safe point. Past the point of no return only an emergency does: a
 * cancelled run still finishes what must not stay half done, its soak aside.
 */
export function interrupted({ controls, cancelled, undoing, book }: RunContext): boolean {
  if (controls.preempted) return true;
  return !undoing && !book.pastNoReturn && (controls.abortAsked || cancelled);
}

/** Ends the body at a safe point if somebody asked for it. */
export function throwIfInterrupted(context: RunContext): void {
  if (!interrupted(context)) return;
  if (context.controls.preempted) throw new Ending('preempted');
  throw new Ending(context.controls.abortAsked ? 'aborted' : 'cancelled');
}
