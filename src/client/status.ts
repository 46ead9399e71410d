import type { Client } from '@temporalio/client';
import { QueryNotRegisteredError } from '@temporalio/client';
import { entryOf } from '../errors/index.ts';
import type { RunStatus, TroubleRecord, Waiting } from '../runs/index.ts';
import { isClosed, statusQueryName } from '../runs/index.ts';
import type { Description } from './description.ts';
import { describeRun } from './description.ts';
import { closedOutcome } from './outcome.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf } from './run-ref.ts';
import { grpc, grpcStatus, isDeadline } from './server-error.ts';
import { statusFromReport } from './status-from-report.ts';

/** The state of a run. */
export type StatusAnswer = {
  status: RunStatus;
  /** Why it is less, or other, than the run's own word. */
  note?: string;
  /** Neither the run nor what it came to can be seen now: no worker answers for it, or no server. */
  blind?: boolean;
  /** The proxy run that was asked for, when `status` is that of the run behind it. */
  proxy?: string;
  /** Whether Temporal has closed the workflow: a run that says `done` may still be publishing its report. */
  closed: boolean;
};

/** A live worker answers within milliseconds; the server gives up after 10 s. */
const queryMs = 4_000;

/**
 * How a run stands: its own answer where a worker is there to give it, else what the server knows, with a note. A proxy run
 * is followed to the run that it started, never to another one that happens to hold the same id.
 * @throws GantryError RUN_NOT_FOUND, NO_SERVER.
 */
export async function runStatus(client: Client, ref: RunRef): Promise<StatusAnswer> {
  const { waiting, ...answer } = await lookAtRun(client, ref);
  return { ...answer, status: waitingFor(answer.status, waiting) };
}

/** The status as the server's queues complete it: the run itself notices only after minutes that nobody takes its work. */
export function waitingFor(status: RunStatus, waiting: Waiting | undefined): RunStatus {
  return !waiting || status.waiting ? status : { ...status, waiting };
}

/** The same, and apart from it what lies in a queue. */
export async function lookAtRun(client: Client, ref: RunRef): Promise<StatusAnswer & { waiting?: Waiting }> {
  const [described, said] = await Promise.all([describeRun(client, ref), query(client, ref)]);
  if (described.closed) return closedStatus(client, ref, described, said);
  const [child] = described.children;
  if (child) return { ...(await lookAtRun(client, child)), proxy: described.workflowId };
  const { waiting } = described;
  if (said.status) return { status: said.status, closed: false, ...(waiting ? { waiting } : {}) };
  const note = `${said.note}; this is what the server knows`;
  return { status: fromDescription(described), note, blind: true, closed: false };
}

/** The answer of the query alone, for those who poll. */
export async function queryStatus(client: Client, ref: RunRef): Promise<RunStatus | undefined> {
  return (await query(client, ref)).status;
}

type Said = { status: RunStatus } | { status?: undefined; note: string };

async function query(client: Client, ref: RunRef): Promise<Said> {
  try {
    // Not through `ask`: here a deadline means that no worker answers, not that no server does.
    const status = await client.connection.withDeadline(Date.now() + queryMs, () =>
      handleOf(client, ref).query<RunStatus>(statusQueryName),
    );
    return { status };
  } catch (error) {
    if (error instanceof QueryNotRegisteredError) return { note: 'the run does not answer `status`' };
    const status = grpcStatus(error);
    if (isDeadline(status) || status?.code === grpc.failedPrecondition)
      return { note: 'no worker answers for this run' };
    return { note: `the run could not be asked (${status?.details ?? String(error)})` };
  }
}

/** A closed run: its own last word where it had one, else its report, else what the server knows. */
async function closedStatus(client: Client, ref: RunRef, described: Description, said: Said): Promise<StatusAnswer> {
  // A proxy run's word is that it runs, for ever: what it ended with is in its result.
  const last = said.status?.proxyFor === undefined ? said.status : undefined;
  if (last && isClosed(last.state)) return { status: last, closed: true };
  const { report, problem } = await closedOutcome(client, ref);
  if (report) return { status: statusFromReport(report), closed: true };
  const { execution, closedAt, startedAt, state } = described;
  const ended = isKilled(described) ? killed(described) : problem;
  // `parked`, if it was, stays: it is the evidence of where the run stood.
  const status: RunStatus = {
    ...(last ?? fromDescription(described)),
    state,
    since: closedAt ?? startedAt,
    pending: [],
    ...(ended ? { problem: ended } : {}),
  };
  if (!last) return { status, closed: true, note: 'it ended without a report; this is what the server knows' };
  return { status, closed: true, note: `Temporal closed this run (${execution}) while it said \`${last.state}\`` };
}

function fromDescription({ kind, target, workflowId, runId, state, startedAt }: Description): RunStatus {
  return {
    kind,
    target,
    workflowId,
    runId,
    dryRun: workflowId.startsWith('dry-run/'),
    state,
    since: startedAt,
    startedAt,
    steps: [],
    pending: [],
    pastNoReturn: false,
    actions: [],
  };
}

function isKilled({ execution }: Description): boolean {
  return execution === 'TERMINATED' || execution === 'TIMED_OUT';
}

function killed({ execution, workflowId }: Description): TroubleRecord {
  const code = 'RUN_TERMINATED';
  const message = `${workflowId} was ended from outside (${execution}): nothing was undone`;
  const { hint } = entryOf(code);
  return { code, message, hint, problems: [{ code, message, hint }], evidence: { execution } };
}
