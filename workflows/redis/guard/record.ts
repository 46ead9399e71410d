import { log, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type {
  GuardAlarm,
  GuardFailover,
  GuardFindingSeen,
  GuardKnowledge,
  GuardPause,
  GuardPolicy,
  GuardState,
  GuardStatus,
  GuardUnwatched,
  Notice,
  RedisGuardInput,
} from '../../../src/runs/index.ts';
import { guardKind, guardModes } from '../../../src/runs/index.ts';
import { iso, markRun } from '../../run/record.ts';
import { callControl } from '../../run/call.ts';
import type { Reminders } from './decide.ts';
import { effectiveMode, isReminderDue, restraintOf } from './decide.ts';
import { guardMarkdown } from './details.ts';

/** What people can be reminded of. */
export type Subject = 'alarm' | 'unwatched' | 'findings' | 'paused';

/** Everything that a guard remembers: it travels from run to run of the chain, so nothing in it may grow. */
export type GuardMemory = {
  startedAt: string;
  /** When its present state began. */
  since: string;
  policy?: GuardPolicy;
  known: GuardKnowledge;
  findings: GuardFindingSeen[];
  alarm?: GuardAlarm | undefined;
  unwatched?: GuardUnwatched | undefined;
  paused?: GuardPause | undefined;
  /** Started and not ended, as far as is known. */
  underWay?: GuardFailover | undefined;
  failovers: GuardFailover[];
  actions: GuardStatus['actions'][number][];
  reminders: Partial<Record<Subject, Reminders>>;
  /** Ids of updates that were carried out: one that is sent again after a new run has begun must not count twice. */
  updates: string[];
  slices: number;
  samples: number;
};

const keptFailovers = 10;
const keptActions = 20;

/** What is known of one guard, and the ways in which it tells people. */
export class GuardRecord {
  readonly memory: GuardMemory;
  readonly input: RedisGuardInput;
  readonly target: string;
  /** Of this run of the chain. */
  slicesHere = 0;
  /** Set in a proxy run. */
  proxyFor: string | undefined;
  /** The last word. */
  ended: 'stopped' | 'refused' | undefined;
  #state: GuardState = 'starting';
  #notices = 0;

  constructor(target: string, input: RedisGuardInput, carried: GuardMemory | undefined) {
    const now = iso(Date.now());
    this.target = target;
    this.input = input;
    this.memory = carried ?? {
      startedAt: now,
      since: now,
      known: { lags: [], findings: [] },
      findings: [],
      failovers: [],
      actions: [],
      reminders: {},
      updates: [],
      slices: 0,
      samples: 0,
    };
    if (carried) this.#state = this.#stateNow();
    markRun(guardKind, target, this.#state);
  }

  /** @throws TypeError before admission */
  get policy(): GuardPolicy {
    if (!this.memory.policy) throw new TypeError('a guard has its policy from admission on');
    return this.memory.policy;
  }

  get mode() {
    return effectiveMode(this.#askedMode(), this.memory.policy);
  }

  /** Brings the state, the saved views and the UI's details up to date. */
  show(): void {
    const state = this.#stateNow();
    if (state !== this.#state) {
      this.#state = state;
      this.memory.since = iso(Date.now());
      markRun(guardKind, this.target, state);
    }
    setCurrentDetails(guardMarkdown(this.status()));
  }

  acted(action: string, { by, reason }: { by: string; reason?: string }): void {
    const { actions } = this.memory;
    actions.push({ at: iso(Date.now()), action, by, ...(reason ? { reason } : {}) });
    if (actions.length > keptActions) actions.splice(0, actions.length - keptActions);
  }

  began(failover: GuardFailover): void {
    const { failovers } = this.memory;
    failovers.push(failover);
    if (failovers.length > keptFailovers) failovers.splice(0, failovers.length - keptFailovers);
    this.memory.underWay = failover;
  }

  /** Tells people, without making the guard wait. */
  tell(event: Notice['event'], message: string, trouble?: Notice['trouble']): void {
    const { workflowId } = workflowInfo();
    const notice = { kind: guardKind, target: this.target, workflowId, event, message };
    this.#notices += 1;
    void callControl('notify', { ...notice, ...(trouble ? { trouble } : {}) }, `notify: ${event}`)
      .catch((error: unknown) => log.warn('a notice could not be delivered', { event, error }))
      .finally(() => (this.#notices -= 1));
  }

  get isQuiet(): boolean {
    return this.#notices === 0;
  }

  /** People are told of `subject` now: reminders count from here. */
  announced(subject: Subject): void {
    this.memory.reminders[subject] = { at: Date.now(), times: 0 };
  }

  over(subject: Subject): void {
    delete this.memory.reminders[subject];
  }

  remind(subject: Subject, words: () => string): void {
    const reminders = this.memory.reminders[subject];
    if (!reminders || !isReminderDue(reminders, this.policy.remindEveryMs, Date.now())) return;
    this.memory.reminders[subject] = { at: Date.now(), times: reminders.times + 1 };
    this.tell('reminder', words());
  }

  status(): GuardStatus {
    const { workflowId, runId } = workflowInfo();
    const { memory, input } = this;
    const { known, alarm, unwatched, paused } = memory;
    const restraint = restraintOf(this.mode, memory.policy);
    return {
      kind: guardKind,
      target: this.target,
      workflowId,
      runId,
      ...(this.proxyFor === undefined ? {} : { proxyFor: this.proxyFor }),
      state: this.#stateNow(),
      since: memory.since,
      startedAt: memory.startedAt,
      mode: this.mode,
      ...(restraint === undefined ? {} : { restraint }),
      ...(typeof input?.requestedBy === 'string' ? { requestedBy: input.requestedBy } : {}),
      ...(typeof input?.reason === 'string' ? { reason: input.reason } : {}),
      ...(known.primary === undefined ? {} : { primary: known.primary }),
      ...(known.last ? { last: known.last } : {}),
      lags: known.lags,
      ...(known.auditedAt === undefined ? {} : { auditedAt: known.auditedAt }),
      findings: memory.findings,
      ...(alarm ? { alarm } : {}),
      ...(unwatched ? { unwatched } : {}),
      ...(paused ? { paused } : {}),
      failovers: memory.failovers,
      actions: memory.actions,
      slices: memory.slices,
      samples: memory.samples,
    };
  }

  #stateNow(): GuardState {
    const { policy, paused, unwatched, alarm } = this.memory;
    if (this.ended) return this.ended;
    if (!policy) return 'starting';
    if (paused) return 'paused';
    if (unwatched) return 'unwatched';
    return alarm ? 'alarm' : 'watching';
  }

  #askedMode() {
    // The input may be anything until admission has looked at it.
    const asked: unknown = (this.input as Partial<RedisGuardInput> | undefined | null)?.mode;
    return guardModes.find((mode) => mode === asked);
  }
}
