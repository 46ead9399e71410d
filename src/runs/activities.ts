import type { GuardPolicy, GuardStatus } from './guard.ts';
import type { Kind } from './kinds.ts';
import type { RunPolicy } from './policy.ts';
import type { UpdateName } from './protocol.ts';
import type { RunReport, RunStatus, TroubleRecord } from './report.ts';

/** What admission decides about a run before it plans. */
export type Admission = { policy: RunPolicy; platformDigest: string };

/** Who holds a lock. */
export type Holder = { workflowId: string; runId: string; kind: string; state: string; since: string };

/** Who holds a lock, or held it last. */
export type LastHolder = Holder & { open: boolean; endedAt?: string };

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
  /** `alarm`, `drift`, `well`: what a guard found, and that it is gone. */
  event: 'parked' | 'reminder' | 'awaiting-approval' | 'ended' | 'alarm' | 'drift' | 'well';
  message: string;
  trouble?: TroubleRecord;
};

/** The activities that every run needs, whatever its domain. Served by the control queue. */
export type ControlActivities = {
  /** Full schema, approval policy, freeze and window; every problem at once. */
  admit: (call: { kind: Kind; input: unknown }) => Promise<Admission>;
  /** Freeze and window again, after an approval and after a pause. */
  checkGates: (call: { kind: Kind; target?: string }) => Promise<void>;
  /** Whoever holds this id, or held it last (not `open`). */
  describeHolder: (call: { workflowId: string }) => Promise<LastHolder | undefined>;
  /** The whole input of a guard, every problem at once; what the platform file says of it. */
  admitGuard: (call: { input: unknown }) => Promise<GuardPolicy>;
  /** What the guard under this id says of itself; nothing if there is none or nobody answers for it. */
  askGuard: (call: { workflowId: string }) => Promise<GuardStatus | undefined>;
  /** Ends the holder of a lock for an emergency: asks it, and terminates it if it hasn't ended in time. */
  preemptHolder: (call: { workflowId: string; kind: Kind; by: string; graceMs: number }) => Promise<Preemption>;
  /** Hands an update that reached a front to the run that does the work. */
  forwardUpdate: (call: ForwardRequest) => Promise<RunStatus>;
  notify: (notice: Notice) => Promise<void>;
  /** The newest report of a kind of run over a target; nothing if none was published. */
  newestReport: (call: { kind: Kind; target: string }) => Promise<RunReport | undefined>;
  /** Writes the report to the report store, append-only. Answers where. */
  publishReport: (call: { report: RunReport }) => Promise<{ uri: string }>;
};
