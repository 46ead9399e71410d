import type { CancellationScope } from '@temporalio/workflow';
import type { ActivityProfile, Plan, ProfileName, RunPolicy, StepRecord, TroubleRecord } from '../../src/runs/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';
import type { RunRecord } from './record.ts';
import type { StepRef } from './call.ts';
import type { Controls, Resolution } from './controls.ts';
import { Ending } from './ending.ts';

/** An undo: data, so that a run can walk it whatever became of the code that registered it. */
export type UndoEntry = {
  title: string;
  ref: StepRef<unknown, unknown>;
  input: unknown;
  before: unknown;
  unit: string;
  record: StepRecord;
  /** The step's own: what took hours to make is not taken back within a minute. */
  profile: ProfileName | undefined;
};

/** Something that this run made and that must still hold later. */
export type Invariant = {
  title: string;
  ref: StepRef<unknown, unknown>;
  input: unknown;
  unit: string;
  /** Its line in the record: what no longer holds is marked there. */
  record: StepRecord;
  profile: ProfileName | undefined;
};

/** A plan, and how to make it again from what the facts and the platform file say then. */
export type Planned = {
  plan: Plan<unknown>;
  /** @throws Ending `refused` */
  again: () => Promise<Plan<unknown>>;
};

/** What a park is about, and how the step can be looked at for a skip with proof. */
export type ParkRequest = {
  title: string;
  step: string;
  trouble: TroubleRecord;
  proveDone: () => Promise<{ done: boolean; summary: string }>;
};

/** How a lane stands still: by the graph, which stands and parks for all of its lanes. */
export type LaneControls = {
  stand: () => Promise<void>;
  park: (request: ParkRequest) => Promise<Resolution>;
};

/** What the parts of the runtime share about one run. */
export type RunContext = {
  readonly runRecord: RunRecord;
  readonly controls: Controls;
  readonly policy: RunPolicy;
  /** Where the target stands, if only workers of its region reach it. From admission. */
  readonly region?: string;
  /** Who asked, where the API has signed that. From admission. */
  readonly requester?: string;
  /** Of the platform file that the run goes by: the one that its plan was made from. Set by `plan`. */
  platformDigest: string;
  /** How many lists the body has begun. */
  lists: number;
  /** Every plan that the body has made; it works from the last one. */
  readonly plans: Planned[];
  /** Who asked, by a retry at the step of this title, that the run goes on with the platform file of the workers. */
  adopting: { title: string; by: string } | undefined;
  readonly undo: UndoEntry[];
  readonly invariants: Invariant[];
  /** By the record of a run that is a part of this one: what it says that it leaves behind. */
  readonly leftByChildren: Map<StepRecord, readonly string[]>;
  /** Notices under way; the run doesn't wait for them before it ends. */
  readonly notices: Promise<void>[];
  /** Somebody cancelled the workflow. The body is shielded and looks at this at its safe points. */
  cancelled: boolean;
  /** The scopes of the cancellable steps under way: one for each lane of a graph. */
  readonly active: Set<CancellationScope>;
  /** Set in the view that one lane of a graph has of its run. */
  readonly lane?: LaneControls;
  /** A safe point, for waits inside a step that has not begun. */
  stand: () => Promise<void>;
  /** Freeze and window, for waits inside a step that has not begun. */
  checkGates: (when: string) => Promise<void>;
  /** Walking back: neither cancellation nor abort interrupts it. */
  undoing: boolean;
};

export function profileOf(context: RunContext, name: ProfileName = 'quick'): ActivityProfile {
  // A run that an older Gantry admitted has a policy without the profiles that came later.
  return (context.policy.profiles as Partial<RunPolicy['profiles']>)[name] ?? defaultPolicy.profiles[name];
}

/**
 * Whether something wants the run to end at its next safe point. Past the point of no return only an emergency does: a
 * cancelled run still finishes what must not stay half done, its soak aside.
 */
export function interrupted({ controls, cancelled, undoing, runRecord }: RunContext): boolean {
  if (controls.preempted) return true;
  return !undoing && !runRecord.pastNoReturn && (controls.abortAsked || cancelled);
}

/** Ends the body at a safe point if somebody asked for it. */
export function throwIfInterrupted(context: RunContext): void {
  if (!interrupted(context)) return;
  if (context.controls.preempted) throw new Ending('preempted');
  throw new Ending(context.controls.abortAsked ? 'aborted' : 'cancelled');
}
