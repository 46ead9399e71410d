import type { Client, WorkflowExecutionInfo, WorkflowExecutionStatusName } from '@temporalio/client';
import { GantryError } from '../errors/index.ts';
import type { Kind, RunState, Waiting } from '../runs/index.ts';
import { isClosed, kinds, runStates, searchAttributeNames, workflowTypeOf } from '../runs/index.ts';
import type { RunRef } from './run-ref.ts';
import { handleOf, idOf } from './run-ref.ts';
import { ask } from './server-error.ts';
import { untaken } from './untaken.ts';

/** What the server knows of a run without asking a worker. */
export type Description = {
  kind: string;
  target: string;
  workflowId: string;
  runId: string;
  state: RunState;
  /** Temporal's own word. */
  execution: WorkflowExecutionStatusName;
  taskQueue: string;
  startedAt: string;
  closedAt?: string;
  closed: boolean;
};

/** With the runs that it started and that are open: a proxy run has one, the run that does the work. */
export type DescribedRun = Description & {
  children: readonly { workflowId: string; runId: string }[];
  /** What lies in a queue, and no worker has taken yet. */
  waiting?: Waiting;
};

const kindOfType = new Map<string, Kind>((Object.keys(kinds) as Kind[]).map((kind) => [workflowTypeOf(kind), kind]));

/** The kind that a workflow type carries out. */
export function kindOf(workflowType: string): Kind | undefined {
  return kindOfType.get(workflowType);
}

/**
 * What the server tells of a run.
 * @throws GantryError RUN_NOT_FOUND, also for a workflow that is none of Gantry's kinds.
 */
export async function describeRun(client: Client, ref: RunRef): Promise<DescribedRun> {
  const described = await ask(client, () => handleOf(client, ref).describe());
  const known = readInfo(described);
  if (!known) {
    throw new GantryError(
      'RUN_NOT_FOUND',
      `${idOf(ref)} is a workflow of type ${described.type}, not a run of Gantry`,
      {
        evidence: { workflowId: described.workflowId, type: described.type },
      },
    );
  }
  const children = described.raw.pendingChildren ?? [];
  const waiting = untaken(described.raw.pendingActivities ?? []);
  return {
    ...known,
    ...(waiting ? { waiting } : {}),
    children: children.flatMap(({ workflowId, runId, workflowTypeName }) =>
      workflowId && runId && workflowTypeName === described.type ? [{ workflowId, runId }] : [],
    ),
  };
}

/** A listed or described workflow → what Gantry says of it; undefined for workflows that are not runs. */
export function readInfo(info: Omit<WorkflowExecutionInfo, 'raw'>): Description | undefined {
  const kind = kindOf(info.type);
  if (!kind) return undefined;
  return {
    kind,
    target: attribute(info, searchAttributeNames.target) ?? '',
    workflowId: info.workflowId,
    runId: info.runId,
    state: stateOf(info.status.name, attribute(info, searchAttributeNames.state)),
    execution: info.status.name,
    taskQueue: info.taskQueue,
    closed: info.status.name !== 'RUNNING' && info.status.name !== 'PAUSED',
    startedAt: info.startTime.toISOString(),
    ...(info.closeTime ? { closedAt: info.closeTime.toISOString() } : {}),
  };
}

/**
 * The run's own word (its search attribute) where it can be right. A terminated run never said that it ended, so that
 * its last word is wrong.
 */
function stateOf(execution: WorkflowExecutionStatusName, said: string | undefined): RunState {
  const state = runStates.find((known) => known === said);
  if (execution === 'RUNNING' || execution === 'PAUSED') return state ?? 'planning';
  if (state && isClosed(state)) return state;
  if (execution === 'COMPLETED') return 'done';
  return execution === 'CANCELLED' ? 'cancelled' : 'failed';
}

function attribute(info: Omit<WorkflowExecutionInfo, 'raw'>, name: string): string | undefined {
  const pairs = info.typedSearchAttributes.getAll();
  const value = pairs.find(({ key }) => key.name === name)?.value;
  return typeof value === 'string' ? value : undefined;
}
