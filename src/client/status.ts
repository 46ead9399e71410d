import type { Client } from '@temporalio/client';
import { QueryNotRegisteredError } from '@temporalio/client';
import { entryOf } from '../errors/index.ts';
import type { RunStatus, TroubleRecord } from '../runs/index.ts';
import { isClosed, statusQueryName } from '../runs/index.ts';
import type { Description } from './description.ts';
import { describeRun } from './description.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf } from './run-ref.ts';
import { ask, grpc, grpcStatus } from './server-error.ts';

/** The state of a run. `note`: why it is less, or other, than the run's own word. */
export type StatusAnswer = {
  status: RunStatus;
  note?: string;
  /** The front that was asked for, when `status` is that of the run behind it. */
  front?: string;
  /** Whether Temporal has closed the workflow: a run that says `done` may still be publishing its report. */
  closed: boolean;
};

/** A live worker answers within milliseconds; the server gives up after 10 s. */
const queryMs = 4_000;

/** A front never leads to a front: one hop is the rule, more is a mistake that must not loop. */
const maxHops = 2;

/**
 * How a run stands: its own answer where a worker is there to give it, else what the server knows, with a note. A front
 * is followed to the run that does the work.
 * @throws GantryError RUN_NOT_FOUND, NO_SERVER.
 */
export async function runStatus(client: Client, ref: RunRef): Promise<StatusAnswer> {
  let answer = await statusOf(client, ref);
  for (let hop = 0; hop < maxHops && answer.status.frontOf; hop++) {
    const behind = await statusOf(client, answer.status.frontOf);
    answer = { ...behind, front: answer.front ?? answer.status.workflowId };
  }
  return answer;
}

async function statusOf(client: Client, ref: RunRef): Promise<StatusAnswer> {
  const [described, said] = await Promise.all([describeRun(client, ref), query(client, ref)]);
  const closed = described.execution !== 'RUNNING' && described.execution !== 'PAUSED';
  if (!said.status) return { status: fromDescription(described), note: said.note, closed };
  if (closed && !isClosed(said.status.state)) return { ...overruled(said.status, described), closed };
  return { status: said.status, closed };
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
    const at = 'this is what the server knows';
    if (error instanceof QueryNotRegisteredError) return { note: `the run does not answer \`status\`; ${at}` };
    const status = grpcStatus(error);
    if (status?.code === grpc.deadlineExceeded || status?.code === grpc.failedPrecondition)
      return { note: `no worker answers for this run; ${at}` };
    return { note: `the run could not be asked (${status?.details ?? String(error)}); ${at}` };
  }
}

function fromDescription(described: Description & { children: readonly string[] }): RunStatus {
  const { kind, target, workflowId, runId, state, startedAt, closedAt } = described;
  const behind = described.children[0];
  return {
    kind,
    target,
    workflowId,
    runId,
    ...(behind === undefined ? {} : { frontOf: behind }),
    dryRun: workflowId.startsWith('dry-run/'),
    state,
    since: closedAt ?? startedAt,
    startedAt,
    steps: [],
    pending: [],
    pastNoReturn: false,
    actions: [],
    ...(isKilled(described) ? { problem: killed(described) } : {}),
  };
}

/** A run that was ended from outside never said so: its last word would read as if it still ran. */
function overruled(status: RunStatus, described: Description): { status: RunStatus; note: string } {
  const { state, closedAt } = described;
  const note = `Temporal closed this run (${described.execution}) while it said \`${status.state}\``;
  // `parked` stays: it is the evidence of where the run stood.
  return {
    status: {
      ...status,
      state,
      since: closedAt ?? status.since,
      pending: [],
      ...(isKilled(described) ? { problem: killed(described) } : {}),
    },
    note,
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

/** The answer of the query alone, for those who poll. */
export async function queryStatus(client: Client, ref: RunRef): Promise<RunStatus | undefined> {
  return (await query(client, ref)).status;
}

/** Whether the server has closed the workflow. */
export async function isWorkflowClosed(client: Client, ref: RunRef): Promise<boolean> {
  const { status } = await ask(client, () => handleOf(client, ref).describe());
  return status.name !== 'RUNNING' && status.name !== 'PAUSED';
}
