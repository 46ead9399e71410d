import type { RunState } from './states.ts';

/** The updates and the query that every run understands. Names and shapes; docs/reference/protocol.md explains them. */
export const updateNames = {
  approve: 'approve',
  pause: 'pause',
  resume: 'resume',
  abort: 'abort',
  resolve: 'resolve',
  preempt: 'preempt',
} as const;

export type UpdateName = keyof typeof updateNames;

export const statusQueryName = 'status';

/** By which a run that is a part of another one tells it that it is parked, or goes on. */
export const childSignalName = 'child';
/** By which a run tells the proxy run that speaks for it what to show. */
export const mirrorSignalName = 'mirror';

/** How such a run stands; `at` and what follows it only while it is parked. */
export type ChildNews = {
  workflowId: string;
  runId: string;
  state: RunState;
  at?: string;
  park?: string;
  code?: string;
  message?: string;
  options?: readonly string[];
};

export type ApproveRequest = { planHash: string; by: string; note?: string; token?: string };
export type PauseRequest = { by: string; reason?: string };
export type ResumeRequest = { by: string; reason?: string };
export type AbortRequest = { by: string; reason?: string };
export type ResolveRequest = {
  action: 'retry' | 'skip' | 'stop';
  /** The park that is meant, as `parked.id` names it: what was decided about one park is never taken for the next. */
  park: string;
  by: string;
  reason?: string;
  /** With `skip` of a step that isn't done: what is accepted, in words. */
  acceptedRisk?: string;
};
export type PreemptRequest = { by: string; kind: string; reason?: string };

/** The argument of each update. */
export type UpdateRequests = {
  approve: ApproveRequest;
  pause: PauseRequest;
  resume: ResumeRequest;
  abort: AbortRequest;
  resolve: ResolveRequest;
  preempt: PreemptRequest;
};

/** What the input of every kind may hold besides its own fields. */
export type RunInput = {
  /** Compute and show the plan, change nothing, take no lock. */
  dryRun?: boolean;
  /** Who asks, for the record. */
  requestedBy?: string;
  /** Why, for the record. */
  reason?: string;
};
