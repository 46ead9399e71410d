import { setCurrentDetails, upsertSearchAttributes, uuid4, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type {
  Kind,
  OperatorAction,
  Outcome,
  Parked,
  PhaseClock,
  Plan,
  PlanView,
  RunInput,
  RunReport,
  RunState,
  RunStatus,
  ShownSteps,
  StepRecord,
  Stored,
  TroubleRecord,
  Waiting,
} from '../../src/runs/index.ts';
import {
  boundActions,
  boundPlan,
  boundSteps,
  boundTrouble,
  cutText,
  jsonBytes,
  searchAttributeNames,
  stoodBetween,
  withoutEvidence,
  isLeft,
} from '../../src/runs/index.ts';
import { detailsMarkdown } from './details.ts';
import { isItem } from './item.ts';
import { Mirror } from './mirror.ts';

const kindKey = defineSearchAttributeKey(searchAttributeNames.kind, 'KEYWORD');
const targetKey = defineSearchAttributeKey(searchAttributeNames.target, 'KEYWORD');
const stateKey = defineSearchAttributeKey(searchAttributeNames.state, 'KEYWORD');

/** What saved views and `gantry runs` find a run by. */
export function markRun(kind: string, target: string, state: string): void {
  upsertSearchAttributes([
    { key: kindKey, value: kind },
    { key: targetKey, value: target },
    { key: stateKey, value: state },
  ]);
}

const kib = 1024;
const textCharacters = 500;

/** What the answers of a run may take: together below the 256 KiB of a payload. Bytes of JSON, but for `phases`. */
const limits = {
  plan: 64 * kib,
  steps: 96 * kib,
  stepsOfPart: 24 * kib,
  stepsLeast: 8 * kib,
  report: 200 * kib,
  phases: 200,
} as const;

/** Everything that is known of one run: what the query shows, the UI renders and the report keeps. */
export class RunRecord {
  readonly kind: Kind;
  readonly target: string;
  readonly dryRun: boolean;
  readonly startedAt: number;
  state: RunState = 'planning';
  plan: PlanView | undefined;
  approval: RunStatus['approval'];
  parked: Parked | undefined;
  waiting: Waiting | undefined;
  pastNoReturn = false;
  problem: TroubleRecord | undefined;
  publishProblem: TroubleRecord | undefined;
  published: string | undefined;
  readonly steps: StepRecord[] = [];
  readonly actions: OperatorAction[] = [];
  readonly pending = new Set<'pause' | 'abort' | 'preempt'>();
  readonly measurements: Record<string, number> = {};
  leftBehind: string[] = [];
  /** Lines of the audit that are on their way. */
  readonly beingRecorded: Promise<void>[] = [];
  /** Where all steps are stored, once the run has ended and they have no room in its report. */
  readonly pages: Stored<readonly StepRecord[]>[] = [];
  readonly #asked: Pick<RunInput, 'requestedBy' | 'reason'>;
  /** The phases of the body, each by its own clock (`phase.ts`). */
  readonly ledger: PhaseClock[] = [];
  underWay: { clock: PhaseClock; enteredAt: number; before: { ms: number; stoodMs: number } } | undefined;
  #parks = 0;
  readonly #phases: { state: RunState; at: number }[] = [];
  readonly #mirror = new Mirror();
  /** Called whenever the run has entered a state. */
  entered: (() => void) | undefined;

  constructor(kind: Kind, target: string, input: RunInput) {
    this.kind = kind;
    this.target = target;
    this.dryRun = input.dryRun === true;
    this.startedAt = Date.now();
    this.#asked = {
      ...(typeof input.requestedBy === 'string' ? { requestedBy: cutText(input.requestedBy, textCharacters) } : {}),
      ...(typeof input.reason === 'string' ? { reason: cutText(input.reason, textCharacters) } : {}),
    };
    this.#phases.push({ state: 'planning', at: this.startedAt });
    markRun(kind, target, this.state);
    this.show();
  }

  /** When the run entered each of its states. */
  get stateTimes(): readonly { state: RunState; at: number }[] {
    return this.#phases;
  }

  /** The ledger as it stands now: the phase under way counts to this instant. */
  #clocks(): { ledger?: readonly PhaseClock[] } {
    if (this.ledger.length === 0) return {};
    const now = Date.now();
    const { underWay } = this;
    const ledger = this.ledger.map((clock) => {
      if (clock !== underWay?.clock) return { ...clock };
      const { enteredAt, before } = underWay;
      const stoodMs = before.stoodMs + stoodBetween(this.#phases, enteredAt, now);
      return { ...clock, ms: before.ms + now - enteredAt, stoodMs };
    });
    return { ledger };
  }

  /** Enters a state; the UI's saved views follow it. */
  enter(state: RunState): void {
    if (state === this.state) return;
    this.state = state;
    this.#phases.push({ state, at: Date.now() });
    upsertSearchAttributes([{ key: stateKey, value: state }]);
    this.entered?.();
    this.changed();
  }

  /** What people wait for has changed: the UI's current details, here and at the proxy run. */
  changed(): void {
    const status = this.head();
    setCurrentDetails(detailsMarkdown(status, this.steps));
    this.#mirror.tell(status, this.steps);
  }

  /** Brings the UI's current details up to date; those of the proxy run follow now and then. */
  show(): void {
    const status = this.head();
    setCurrentDetails(detailsMarkdown(status, this.steps));
    this.#mirror.tellNowAndThen(status, this.steps);
  }

  planned(plan: Plan<unknown>): void {
    const { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest, picture } = plan;
    const view = { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest };
    this.plan = { ...view, ...(picture ? { picture } : {}) };
    this.show();
  }

  /** The same plan, made from another platform file. */
  goesBy(platformDigest: string): void {
    if (this.plan) this.plan = { ...this.plan, platformDigest };
  }

  /** The name of the run's next park: no other park of any run has it. */
  nextPark(): string {
    this.#parks += 1;
    return `${this.#parks}-${uuid4().slice(0, 4)}`;
  }

  acted(action: string, request: { by: string; reason?: string; note?: string; park?: string }): void {
    const { by, reason, note, park } = request;
    const said = { ...(reason ? { reason } : {}), ...(note ? { note } : {}), ...(park ? { park } : {}) };
    this.actions.push({ at: iso(Date.now()), action, by, ...said });
  }

  /** The answer of the query: the newest steps, with as much of their evidence as fits. */
  status(): RunStatus {
    const plan = this.plan && boundPlan(this.plan, limits.plan);
    return { ...this.head(), ...(plan ? { plan } : {}), ...boundSteps(this.steps, limits.steps) };
  }

  /** The answer of an update: how the run stands now, without the plan and the evidence, which the query has. */
  answer(): RunStatus {
    const answer = { ...this.head(), ...boundSteps(this.steps.map(withoutEvidence), limits.steps) };
    delete answer.plan;
    return answer;
  }

  /** How the run stands, without its steps. */
  head(): RunStatus {
    const { workflowId, runId } = workflowInfo();
    const { parked, problem } = this;
    return {
      kind: this.kind,
      target: this.target,
      workflowId,
      runId,
      dryRun: this.dryRun,
      state: this.state,
      since: iso(this.#phases.at(-1)?.at ?? this.startedAt),
      startedAt: iso(this.startedAt),
      ...this.#asked,
      ...(this.plan ? { plan: this.plan } : {}),
      ...(this.approval && this.state === 'awaiting-approval' ? { approval: this.approval } : {}),
      steps: [],
      ...(parked ? { parked: { ...parked, trouble: boundTrouble(parked.trouble) } } : {}),
      ...(this.waiting ? { waiting: this.waiting } : {}),
      ...this.#clocks(),
      pending: [...this.pending],
      pastNoReturn: this.pastNoReturn,
      actions: boundActions(this.actions),
      ...(problem ? { problem: boundTrouble(problem) } : {}),
    };
  }

  /** Whether the report has no room for all steps and their evidence. */
  outgrown(): boolean {
    const { stepsBefore, evidenceLeftOut } = shownBeside(this.#bareReport('done'), this.steps, limits.steps);
    return stepsBefore !== undefined || evidenceLeftOut !== undefined;
  }

  /** What is published: never larger than what goes through Temporal, whatever the run did. */
  report(outcome: Outcome): RunReport {
    const bare = this.#bareReport(outcome);
    return { ...bare, ...shownBeside(bare, this.steps, limits.steps) };
  }

  /** What the run returns. That of a part of another run lies in the other one's history, too, among hundreds: it is shorter. */
  result(outcome: Outcome): RunReport {
    const bare = this.#bareReport(outcome);
    if (isItem()) return slim(bare, this.steps);
    const part = workflowInfo().memo?.['gantryReportsTo'] !== undefined && this.published !== undefined;
    return { ...bare, ...shownBeside(bare, this.steps, part ? limits.stepsOfPart : limits.steps) };
  }

  #bareReport(outcome: Outcome): RunReport {
    const { workflowId, runId } = workflowInfo();
    const now = Date.now();
    const { plan, problem, publishProblem } = this;
    return {
      kind: this.kind,
      target: this.target,
      workflowId,
      runId,
      outcome,
      startedAt: iso(this.startedAt),
      endedAt: iso(now),
      ms: now - this.startedAt,
      ...this.#asked,
      ...(plan ? { plan: boundPlan(plan, limits.plan) } : {}),
      steps: [],
      phases: this.#phases
        .map((phase, index) => ({
          state: phase.state,
          at: iso(phase.at),
          ms: (this.#phases[index + 1]?.at ?? now) - phase.at,
        }))
        .slice(-limits.phases),
      ...this.#clocks(),
      actions: boundActions(this.actions),
      measurements: this.measurements,
      pastNoReturn: this.pastNoReturn,
      leftBehind: this.leftBehind,
      ...(this.pages.length > 0 ? { pages: this.pages } : {}),
      ...(problem ? { problem: boundTrouble(problem) } : {}),
      ...(this.published ? { published: this.published } : {}),
      ...(publishProblem ? { publishProblem: boundTrouble(publishProblem) } : {}),
    };
  }
}

/** Among thousands: what the list needs, and where the rest is. */
function slim({ plan: _plan, problem, ...bare }: RunReport, steps: readonly StepRecord[]): RunReport {
  return {
    ...bare,
    phases: [],
    actions: [],
    leftBehind: bare.leftBehind.slice(0, 3).map((line) => cutText(line, textCharacters)),
    measurements: Object.fromEntries(Object.entries(bare.measurements).filter(([name]) => !name.includes('.'))),
    changed: steps.some(isLeft),
    ...(problem ? { problem: { ...problem, problems: problem.problems.slice(0, 3), evidence: {} } } : {}),
  };
}

/** The steps have what the rest leaves. */
function shownBeside(bare: RunReport, steps: readonly StepRecord[], most: number): ShownSteps {
  return boundSteps(steps, Math.max(limits.stepsLeast, Math.min(most, limits.report - jsonBytes(bare))));
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
