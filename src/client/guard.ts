import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/common';
import type { Problem } from '../errors/index.ts';
import { GantryError, problem, refusal, troubleOf } from '../errors/index.ts';
import type {
  GuardHeartbeat,
  GuardKnowledge,
  GuardRequests,
  GuardStatus,
  GuardUpdateName,
  RedisGuardInput,
} from '../runs/index.ts';
import { guardId, guardKind, guardType, guardUpdateNames, statusQueryName } from '../runs/index.ts';
import { livePollers } from './server.ts';
import type { PendingActivity } from './heartbeat.ts';
import { heartbeatOf } from './heartbeat.ts';
import { ask, grpc, grpcStatus, isDeadline, serverError } from './server-error.ts';

/** How a guard stands. */
export type GuardAnswer = {
  /** Its own word; left out where no worker answers for it. */
  status?: GuardStatus;
  /** What the watch under way has told in its last heartbeat: newer than `status`, by up to a slice. */
  live?: GuardKnowledge;
  /** Why there is less than the guard's own word. */
  note?: string;
  workflowId: string;
  runId: string;
};

export type GuardStarted = GuardAnswer & { started: boolean };

/** A live worker answers within milliseconds. */
const queryMs = 4_000;
const updateMs = 15_000;

/**
 * Starts the guard of a group, or finds the one that runs.
 * @throws GantryError INVALID_INPUT with every problem, GUARD_RUNS_ALREADY with another mode, NO_WORKER, NO_SERVER.
 */
export async function startGuard(
  client: Client,
  input: RedisGuardInput,
  { taskQueue, check }: { taskQueue: string; check: (input: unknown) => readonly Problem[] },
): Promise<GuardStarted> {
  const problems = check(input);
  if (problems.length > 0) throw refusal(problems);
  const identity = guardId(input);
  if (!identity.ok) throw refusal([problem('INVALID_INPUT', identity.problem, identity.place)]);
  const { id: workflowId, target } = identity;
  if ((await livePollers(client, taskQueue, 'workflow')).length === 0) {
    throw new GantryError('NO_WORKER', `no worker polls the queue ${taskQueue}; nothing was started`, {
      evidence: { taskQueue },
    });
  }
  try {
    await ask(client, () =>
      client.workflow.start(guardType, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `${guardKind} of ${target}`,
      }),
    );
    return { ...(await settledStatus(client, target)), started: true };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  const running = await guardStatus(client, target);
  const mode = running.status?.mode;
  if (input.mode !== undefined && mode !== undefined && mode !== input.mode) {
    const message = `${workflowId} runs already, with mode ${mode} instead of ${input.mode}`;
    throw new GantryError('GUARD_RUNS_ALREADY', message, { evidence: { workflowId, mode } });
  }
  return { ...running, started: false };
}

/** Once admission has spoken; a guard that is refused says why. */
async function settledStatus(client: Client, group: string): Promise<GuardAnswer> {
  const deadline = Date.now() + queryMs;
  for (;;) {
    const answer = await guardStatus(client, group);
    if (answer.status?.state !== 'starting' || Date.now() > deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * How the guard of a group stands, and what its watch has told since.
 * @throws GantryError GUARD_NOT_RUNNING, NO_SERVER.
 */
export async function guardStatus(client: Client, group: string): Promise<GuardAnswer> {
  const workflowId = idOf(group);
  const handle = client.workflow.getHandle(workflowId);
  let described: Awaited<ReturnType<typeof handle.describe>>;
  try {
    described = await ask(client, () => handle.describe());
  } catch (error) {
    if (error instanceof GantryError && error.code === 'RUN_NOT_FOUND') throw notRunning(group);
    throw error;
  }
  if (described.status.name !== 'RUNNING') throw notRunning(group, await lastWords(client, workflowId));
  const { runId, raw } = described;
  const live = liveOf(raw.pendingActivities ?? []);
  const base = { workflowId, runId, ...(live ? { live: live.known } : {}) };
  try {
    const status = await client.connection.withDeadline(Date.now() + queryMs, () =>
      handle.query<GuardStatus>(statusQueryName),
    );
    return { ...base, status };
  } catch (error) {
    const status = grpcStatus(error);
    const nobody = isDeadline(status) || status?.code === grpc.failedPrecondition;
    const note = nobody ? 'no worker answers for this guard' : `the guard could not be asked (${String(error)})`;
    return { ...base, note };
  }
}

/** Sends an update to the guard of a group. @throws GantryError what it refuses it with; GUARD_NOT_RUNNING, NO_WORKER */
export async function updateGuard<N extends GuardUpdateName>(
  client: Client,
  group: string,
  name: N,
  request: GuardRequests[N],
): Promise<GuardStatus> {
  const workflowId = idOf(group);
  await guardStatus(client, group);
  try {
    return await client.connection.withDeadline(Date.now() + updateMs, () =>
      client.workflow.getHandle(workflowId).executeUpdate<GuardStatus, [GuardRequests[N]]>(guardUpdateNames[name], {
        args: [request],
        updateId: randomUUID(),
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const { code, message, problems, evidence } = troubleOf(error.cause ?? error);
      throw new GantryError(code, message, { problems, evidence, cause: error.cause });
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new GantryError('NO_WORKER', `no worker took the ${name} for ${workflowId}`, { evidence: { workflowId } });
    }
    if (error instanceof WorkflowNotFoundError) throw notRunning(group);
    throw serverError(error) ?? error;
  }
}

function idOf(group: string): string {
  const identity = guardId({ group });
  if (!identity.ok) throw refusal([problem('INVALID_INPUT', identity.problem, identity.place)]);
  return identity.id;
}

function notRunning(group: string, because?: string): GantryError {
  const why = because ? `; the last one: ${because}` : '';
  return new GantryError('GUARD_NOT_RUNNING', `no guard of ${group} runs${why}`, { evidence: { group } });
}

/** What a guard that has ended was refused with, or that it was stopped. */
async function lastWords(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    const end = (await ask(client, () => client.workflow.getHandle(workflowId).result())) as { words?: string };
    return end.words;
  } catch (error) {
    if (error instanceof GantryError && error.code === 'NO_SERVER') return undefined;
    const { code, message } = troubleOf(error instanceof Error ? (error.cause ?? error) : error);
    return `${code}: ${message}`;
  }
}

function liveOf(pending: readonly PendingActivity[]): GuardHeartbeat | undefined {
  const told = heartbeatOf(pending, 'redisGuardWatch') as Partial<GuardHeartbeat> | undefined;
  return told?.known ? (told as GuardHeartbeat) : undefined;
}
