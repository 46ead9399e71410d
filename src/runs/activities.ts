import type { ApprovalBinding } from './approval-token.ts';
import type { GuardPolicy, GuardStatus } from './redis/guard.ts';
import type { Kind } from './kinds.ts';
import type { ItemNews, ListAsk, ListItem, ListPage, PageCall } from './list.ts';
import type { RunPolicy } from './policy.ts';
import type { UpdateName } from './protocol.ts';
import type { RunReport, RunStatus, StepRecord, TroubleRecord } from './report.ts';
import type { Stored } from './stored.ts';

/** What admission decides about a run before it plans. */
export type Admission = {
  policy: RunPolicy;
  /** Where the target stands, if only workers of its region reach it. */
  region?: string;
  /** Who asked, where the API has signed that. No other requester is known: the input's `requestedBy` is a statement. */
  requester?: string;
};

/** An approval as it reached a run, and what the run knows that speaks for or against it. */
export type ApprovalCall = {
  binding: ApprovalBinding;
  kind: Kind;
  target: string;
  /** The plan that the request names, who it says approves, and the token. */
  planHash: string;
  by: string;
  token?: string;
  requester?: string;
  /** Tokens, by their ids, that this run has taken already. */
  used: readonly string[];
};

/** Who approved, by which token and which key. */
export type Approval = { person: string; tokenId: string; keyId: string };

/** Something that a person, or another run, did to a run: a line of the audit. */
export type RunAct = {
  /** Names the act: what is written twice under one id happened once. */
  id: string;
  act: string;
  by: string;
  kind: string;
  target: string;
  workflowId: string;
  runId: string;
  /** The state of the run at that moment. */
  state: string;
  planHash?: string;
  reason?: string;
};

/** Who holds a lock. */
export type Holder = { workflowId: string; runId: string; kind: string; state: string; since: string };

/** Who holds a lock, or held it last. */
export type LastHolder = Holder & {
  open: boolean;
  endedAt?: string;
  /** The run that started it, if one did. */
  startedBy?: { workflowId: string; runId: string };
};

/** `runId` pins the real run: its id may be another run's by the time the update is handed on. */
export type ForwardRequest = {
  workflowId: string;
  runId: string;
  update: UpdateName;
  request: unknown;
  updateId: string;
};

/** What became of a holder that an emergency took the place of. */
export type Preemption = {
  holder?: Holder;
  /** `refused`: it is an emergency of the same kind, at work already. */
  how: 'gone' | 'ended' | 'terminated' | 'refused';
};

/** What people are told without having asked. */
export type Notice = {
  kind: string;
  target: string;
  workflowId: string;
  /** `no-worker`: it waits for a worker of a domain. `alarm`, `drift`, `well`: what a guard found, and that it is gone. */
  event: 'no-worker' | 'parked' | 'reminder' | 'awaiting-approval' | 'ended' | 'alarm' | 'drift' | 'well';
  message: string;
  trouble?: TroubleRecord;
};

/** The run of an item, and no later one of its id. */
export type ItemRef = { workflowId: string; runId: string };

/** Who would not take what was asked, and whom it did not reach. */
export type ItemsAsked = { refused: { workflowId: string; refused: string }[]; unreached: string[] };

/** The activities that every run needs, whatever its domain. Served by the control queue. */
export type ControlActivities = {
  /**
   * Full schema, approval policy, freeze and window; every problem at once. `startedBy`: the workflow that started it, whose
   * approval may cover it, or that is the request of a known person.
   */
  admit: (call: { kind: Kind; input: unknown; startedBy?: ItemRef }) => Promise<Admission>;
  /** Freeze and window again, after an approval and after a pause. */
  checkGates: (call: { kind: Kind; target?: string }) => Promise<void>;
  /** Whether a signed approval counts for this run and plan. A refusal stays in the history, and in the audit. */
  verifyApproval: (call: ApprovalCall) => Promise<Approval>;
  /** Writes an act to the audit. */
  recordAct: (act: RunAct) => Promise<void>;
  /** Whoever holds this id, or held it last (not `open`). */
  describeHolder: (call: { workflowId: string }) => Promise<LastHolder | undefined>;
  /** The whole input of a guard, every problem at once; what the platform file says of it. */
  admitGuard: (call: { input: unknown }) => Promise<GuardPolicy>;
  /** What the guard under this id says of itself; nothing if there is none or nobody answers for it. */
  askGuard: (call: { workflowId: string }) => Promise<GuardStatus | undefined>;
  /** Ends the holder of a lock for an emergency: asks it, and terminates it if it hasn't ended in time. */
  preemptHolder: (call: { workflowId: string; kind: Kind; by: string; graceMs: number }) => Promise<Preemption>;
  /** Hands an update that reached a proxy run to the run that does the work. */
  forwardUpdate: (call: ForwardRequest) => Promise<RunStatus>;
  notify: (notice: Notice) => Promise<void>;
  /** The newest report of a kind of run over a target; nothing if none was published. */
  newestReport: (call: { kind: Kind; target: string }) => Promise<RunReport | undefined>;
  /** Writes a list to the payload store, one item a line. */
  storeList: (call: { items: readonly ListItem[] }) => Promise<Stored<readonly ListItem[]>>;
  /** Reads items of a stored list. */
  readPage: (call: PageCall) => Promise<ListPage>;
  /** How runs of items stand. */
  lookAtItems: (call: { items: readonly ItemRef[] }) => Promise<ItemNews[]>;
  /** Hands what a list was asked on to runs of its items. */
  updateItems: (call: { items: readonly ItemRef[]; ask: ListAsk }) => Promise<ItemsAsked>;
  /** Writes a page of steps to the payload store. */
  storeSteps: (call: { steps: readonly StepRecord[] }) => Promise<Stored<readonly StepRecord[]>>;
  /** Writes the report to the report store, append-only. Answers where. */
  publishReport: (call: { report: RunReport }) => Promise<{ uri: string }>;
};
