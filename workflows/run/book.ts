import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type {
  Kind,
  OperatorAction,
  Outcome,
  Parked,
  Plan,
  PlanView,
  RunInput,
  RunReport,
  RunState,
  RunStatus,
  StepRecord,
  TroubleRecord,
} from '../../src/runs/index.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';
import { detailsMarkdown } from './details.ts';

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

/** Everything that is known of one run: what the query shows, the UI renders and the report keeps. */
export class RunBook {
  readonly kind: Kind;
  readonly target: string;
  readonly dryRun: boolean;
  readonly startedAt: number;
  state: RunState = 'planning';
  plan: PlanView | undefined;
  approval: { needed: number; expiresAt: string } | undefined;
  parked: Parked | undefined;
  pastNoReturn = false;
  problem: TroubleRecord | undefined;
  publishProblem: TroubleRecord | undefined;
  published: string | undefined;
  readonly steps: StepRecord[] = [];
  readonly actions: OperatorAction[] = [];
  readonly pending = new Set<'pause' | 'abort' | 'preempt'>();
  readonly measurements: Record<string, number> = {};
  leftBehind: string[] = [];
  readonly #asked: Pick<RunInput, 'requestedBy' | 'reason'>;
  readonly #phases: { state: RunState; at: number }[] = [];

  constructor(kind: Kind, target: string, input: RunInput) {
    this.kind = kind;
    this.target = target;
    this.dryRun = input.dryRun === true;
    this.startedAt = Date.now();
    this.#asked = {
      ...(typeof input.requestedBy === 'string' ? { requestedBy: input.requestedBy } : {}),
      ...(typeof input.reason === 'string' ? { reason: input.reason } : {}),
    };
    this.#phases.push({ state: 'planning', at: this.startedAt });
    markRun(kind, target, this.state);
    this.show();
  }

  /** Enters a state; the UI's saved views follow it. */
  enter(state: RunState): void {
    if (state === this.state) return;
    this.state = state;
    this.#phases.push({ state, at: Date.now() });
    upsertSearchAttributes([{ key: stateKey, value: state }]);
    this.show();
  }

  /** Brings the UI's current details up to date. */
  show(): void {
    setCurrentDetails(detailsMarkdown(this.status()));
  }

  planned(plan: Plan<unknown>): void {
    const { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest, picture } = plan;
    const view = { title, actions, facts, warnings, irreversible, voidIf, hash, platformDigest };
    this.plan = { ...view, ...(picture ? { picture } : {}) };
    this.show();
  }

  acted(action: string, request: { by: string; reason?: string; note?: string }): void {
    const { by, reason, note } = request;
    this.actions.push({ at: iso(Date.now()), action, by, ...(reason ? { reason } : {}), ...(note ? { note } : {}) });
  }

  status(): RunStatus {
    const { workflowId, runId } = workflowInfo();
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
      steps: this.steps,
      ...(this.parked ? { parked: this.parked } : {}),
      pending: [...this.pending],
      pastNoReturn: this.pastNoReturn,
      actions: this.actions,
      ...(this.problem ? { problem: this.problem } : {}),
    };
  }

  report(outcome: Outcome): RunReport {
    const { workflowId, runId } = workflowInfo();
    const now = Date.now();
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
      ...(this.plan ? { plan: this.plan } : {}),
      steps: this.steps,
      phases: this.#phases.map((phase, index) => ({
        state: phase.state,
        at: iso(phase.at),
        ms: (this.#phases[index + 1]?.at ?? now) - phase.at,
      })),
      actions: this.actions,
      measurements: this.measurements,
      pastNoReturn: this.pastNoReturn,
      leftBehind: this.leftBehind,
      ...(this.problem ? { problem: this.problem } : {}),
      ...(this.published ? { published: this.published } : {}),
      ...(this.publishProblem ? { publishProblem: this.publishProblem } : {}),
    };
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
