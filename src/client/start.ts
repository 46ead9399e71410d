import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { Problem } from '../errors/index.ts';
import { GantryError, problem, refusal } from '../errors/index.ts';
import type { Holder, Kind, RunInput } from '../runs/index.ts';
import { dryRunId, emergencyId, isEmergency, runId, workflowTypeOf } from '../runs/index.ts';
import { runStatus } from './status.ts';
import { ask } from './server-error.ts';
import { livePollers } from './server.ts';

export type StartOptions = {
  taskQueue: string;
  /** The registry's `validateInput`: given by the caller, so that nothing is started that its schema refuses. */
  check: (kind: Kind, input: unknown) => readonly Problem[];
  /** Default: the id that is the lock of the target, or for a dry run or an emergency one of its own. Another id makes a proxy run. */
  workflowId?: string;
  /** Start although no worker polls the queue: the run waits for one. */
  withoutWorker?: boolean;
  memo?: Record<string, unknown>;
  /** Refuse the id also when the run under it has ended. */
  once?: true;
};

export type Started = { kind: Kind; target: string; workflowId: string; runId: string; dryRun: boolean };

/**
 * Starts a run of `kind`. Its id is the lock of its target.
 * @throws GantryError INVALID_INPUT with every problem, RESOURCE_BUSY naming the holder, NO_WORKER, NO_SERVER.
 */
export async function startRun(client: Client, kind: Kind, input: object, options: StartOptions): Promise<Started> {
  const { taskQueue, check, memo, once } = options;
  const problems = check(kind, input);
  if (problems.length > 0) throw refusal(problems);
  const identity = runId(kind, input);
  if (!identity.ok) throw refusal([problem('INVALID_INPUT', identity.problem, identity.place)]);
  const { target } = identity;
  const asked: RunInput = input;
  const dryRun = asked.dryRun === true;
  const workflowId = options.workflowId ?? ownId(kind, identity.id, target, dryRun);
  if (!options.withoutWorker) await refuseWithoutWorker(client, taskQueue);
  try {
    const handle = await ask(client, () =>
      client.workflow.start(workflowTypeOf(kind), {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: once ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
        staticSummary: `${dryRun ? 'dry run: ' : ''}${kind} ${target}`,
        staticDetails: details(kind, asked, workflowId),
        ...(memo === undefined ? {} : { memo }),
      }),
    );
    return { kind, target, workflowId, runId: handle.firstExecutionRunId, dryRun };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) throw await busy(client, workflowId);
    throw error;
  }
}

/** The lock of the target; an id of its own for a dry run, which takes no lock, and for an emergency, which takes it over. */
function ownId(kind: Kind, lock: string, target: string, dryRun: boolean): string {
  if (dryRun) return dryRunId(kind, target, stamp());
  return isEmergency(kind) ? emergencyId(kind, target, stamp()) : lock;
}

async function refuseWithoutWorker(client: Client, taskQueue: string): Promise<void> {
  const pollers = await livePollers(client, taskQueue, 'workflow');
  if (pollers.length > 0) return;
  throw new GantryError('NO_WORKER', `no worker polls the queue ${taskQueue}; nothing was started`, {
    evidence: { taskQueue },
  });
}

/** RESOURCE_BUSY with who holds the lock. The holder may have ended since: then that is said, and trying again helps. */
async function busy(client: Client, workflowId: string): Promise<GantryError> {
  const { status, closed } = await runStatus(client, workflowId);
  const { kind, runId, state, since, requestedBy } = status;
  const holder: Holder = { workflowId, runId, kind, state, since };
  const message = closed
    ? `${workflowId} was held by a run that has just ended (${state}): start again`
    : `${workflowId} is held by a run of ${kind}, ${state} since ${since}${requestedBy ? `, asked for by ${requestedBy}` : ''}`;
  return new GantryError('RESOURCE_BUSY', message, { evidence: { holder } });
}

/** What the Temporal UI shows beside the run, as Markdown. */
function details(kind: Kind, input: RunInput, workflowId: string): string {
  return [
    `**${kind}**${input.requestedBy ? `, asked for by ${input.requestedBy}` : ''}`,
    ...(input.reason ? ['', input.reason] : []),
    '',
    `Follow it with \`gantry run ${workflowId}\`; approve, pause, resume, abort and resolve it there or as updates here.`,
  ].join('\n');
}

/** Sortable, unique, fit for an id. */
function stamp(): string {
  return `${new Date().toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`;
}
