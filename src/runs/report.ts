import type { ListProgress } from './list.ts';
import type { PhaseClock } from './ledger.ts';
import type { PlanDraft } from './plan.ts';
import type { Stored } from './stored.ts';
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
  /** What was there before and after: as it was seen, or above 16 KiB what stands in for it (`KeptEvidence`). */
  before?: unknown;
  after?: unknown;
  summary?: string;
  startedAt?: string;
  ms?: number;
  attempts?: number;
  /** With `skipped`: the proof or the accepted risk. */
  note?: string;
  /** An operator finds nothing of it: what it changed lies in what an earlier step made, was that step's undo, or is Gantry's own mark. */
  leavesNothing?: true;
  /** Of a step that is a run of its own: which, and how it stands. */
  run?: { workflowId: string; runId?: string; state: RunState | 'pending' };
  /** Of a step that is a list of runs: how far it is. */
  list?: ListProgress;
};

/** The one rule for what a run leaves behind: it changed it, and has not undone it. Whatever ended the run. */
export function isLeft({
  changed,
  state,
  leavesNothing,
}: Pick<StepRecord, 'changed' | 'state' | 'leavesNothing'>): boolean {
  return changed && state !== 'undone' && leavesNothing !== true;
}

/** Something that a person, or another run, did to this run. */
export type OperatorAction = {
  at: string;
  action: string;
  by: string;
  reason?: string;
  note?: string;
  /** The park that a `retry`, `skip` or `stop` decided about. */
  park?: string;
};

/** A plan without the data that only steps need. */
export type PlanView = Omit<PlanDraft<unknown>, 'data' | 'needsApproval'> & { hash: string; platformDigest: string };

/** Why a run stands still, and what it offers. */
export type Parked = {
  /** Names this park, in every run's life and among runs: `2-9f3c`, the second park of a run. A decision is about one park. */
  id: string;
  title: string;
  step: string;
  trouble: TroubleRecord;
  since: string;
  /** What the operator may do now. */
  options: readonly ('retry' | 'skip' | 'stop' | 'abort')[];
  reminders: number;
};

/** What a run waits for while no worker of a domain is there. */
export type Waiting = { domain: string; region?: string; title: string; since: string };

/** Whose workers a run waits for, in words: `host in us-east-1`. */
export function awaitedWorkers({ domain, region }: Pick<Waiting, 'domain' | 'region'>): string {
  return region === undefined ? domain : `${domain} in ${region}`;
}

/** The answer of the query `status`; that of an accepted update has no plan and no evidence. */
export type RunStatus = {
  kind: string;
  target: string;
  workflowId: string;
  runId: string;
  /** With a proxy run: the run that does the work. */
  proxyFor?: string;
  dryRun: boolean;
  state: RunState;
  since: string;
  startedAt: string;
  requestedBy?: string;
  reason?: string;
  plan?: PlanView;
  /** `given`: who has approved so far. `signed`: only an approval over the API counts. */
  approval?: { needed: number; expiresAt: string; given?: readonly string[]; signed?: true };
  steps: readonly StepRecord[];
  /** So many older steps are left out of `steps`. */
  stepsBefore?: number;
  /** So many of `steps` are shown without `before` and `after`. */
  evidenceLeftOut?: number;
  parked?: Parked;
  /** Nobody does what it has to do: no worker of that domain has taken it since. It goes on by itself when one is there. */
  waiting?: Waiting;
  /** An accepted request that takes effect at the next safe point. */
  pending: readonly ('pause' | 'abort' | 'preempt')[];
  /** The phases of a run that has some, each by its own clock. */
  ledger?: readonly PhaseClock[];
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
  stepsBefore?: number;
  evidenceLeftOut?: number;
  /** Where all steps are with their evidence, in order, if the report has no room for them. */
  pages?: readonly Stored<readonly StepRecord[]>[];
  /** When the run entered each state. */
  phases: readonly { state: RunState; at: string; ms: number }[];
  /** The phases of a run that has some, each by its own clock. */
  ledger?: readonly PhaseClock[];
  actions: readonly OperatorAction[];
  /** Of the run of a list's item, whose result has no steps: whether it changed anything. What was published has its steps. */
  changed?: boolean;
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
