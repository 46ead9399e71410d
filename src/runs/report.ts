import type { PlanDraft } from './plan.ts';
import type { Outcome, RunState } from './states.ts';

/** A failure as people read it. Structurally the `Trouble` of src/errors. */
export type TroubleRecord = {
  code: string;
  message: string;
  hint: string;
  problems: readonly { code: string; message: string; hint: string; place?: string }[];
  evidence: Readonly<Record<string, unknown>>;
};

/** How a step stands. `unchanged`: its first look found it done. */
export type StepState =
  'pending' | 'looking' | 'running' | 'done' | 'unchanged' | 'failed' | 'skipped' | 'undoing' | 'undone';

/** One step of a run: what was there, what was done, how long it took. */
export type StepRecord = {
  /** In the words of the workflow. */
  title: string;
  step: string;
  state: StepState;
  changed: boolean;
  before?: unknown;
  after?: unknown;
  summary?: string;
  startedAt?: string;
  ms?: number;
  attempts?: number;
  /** With `skipped`: the proof or the accepted risk. */
  note?: string;
  /** Of a step that is a run of its own: which, and how it stands. */
  run?: { workflowId: string; runId?: string; state: RunState | 'pending' };
};

/** Something that a person, or another run, did to this run. */
export type OperatorAction = { at: string; action: string; by: string; reason?: string; note?: string };

/** A plan without the data that only steps need. */
export type PlanView = Omit<PlanDraft<unknown>, 'data' | 'needsApproval'> & { hash: string; platformDigest: string };

/** Why a run stands still, and what it offers. */
export type Parked = {
  title: string;
  step: string;
  trouble: TroubleRecord;
  since: string;
  /** What the operator may do now. */
  options: readonly ('retry' | 'skip' | 'stop' | 'abort')[];
  reminders: number;
};

/** The answer of the query `status` and of every accepted update. */
export type RunStatus = {
  kind: string;
  target: string;
  workflowId: string;
  runId: string;
  /** With a front: the run that does the work. */
  frontOf?: string;
  dryRun: boolean;
  state: RunState;
  since: string;
  startedAt: string;
  requestedBy?: string;
  reason?: string;
  plan?: PlanView;
  approval?: { needed: number; expiresAt: string };
  steps: readonly StepRecord[];
  parked?: Parked;
  /** An accepted request that takes effect at the next safe point. */
  pending: readonly ('pause' | 'abort' | 'preempt')[];
  pastNoReturn: boolean;
  actions: readonly OperatorAction[];
  problem?: TroubleRecord;
};

/** The result of a run. */
export type RunReport = {
  kind: string;
  target: string;
  workflowId: string;
  runId: string;
  outcome: Outcome;
  startedAt: string;
  endedAt: string;
  ms: number;
  requestedBy?: string;
  reason?: string;
  plan?: PlanView;
  steps: readonly StepRecord[];
  /** When the run entered each state. */
  phases: readonly { state: RunState; at: string; ms: number }[];
  actions: readonly OperatorAction[];
  /** What the steps measured, by `<step>.<name>`. */
  measurements: Readonly<Record<string, number>>;
  pastNoReturn: boolean;
  /** Changes of this run that it did not undo though it did not finish. */
  leftBehind: readonly string[];
  problem?: TroubleRecord;
  /** Where the report is kept, once published. */
  published?: string;
  /** Why it could not be published. */
  publishProblem?: TroubleRecord;
};
