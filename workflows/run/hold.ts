import { ApplicationFailure, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { GantryError, toFailure, troubleOf } from '../../src/errors/index.ts';
import type { Kind, PreemptRequest, RunStatus, StepRecord } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { preemptUpdate, statusQuery } from './controls.ts';
import { Ending } from './ending.ts';
import { park } from './park.ts';
import { RunRecord } from './record.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

/** Whose lock is held, and by which run. */
export type HoldInput = { kind: Kind; target: string; heldFor: string };

/** Why a lock is no longer held. */
export type HoldEnd = { preemptedBy?: string };

/**
 * Holds a lock for the run that started it: its workflow id is the lock, as that of any run. It does nothing else. An emergency
 * gets it at once. It ends with its run, also where that is terminated.
 */
export async function holdLock({ kind, target, heldFor }: HoldInput): Promise<HoldEnd> {
  const { parent } = workflowInfo();
  if (!parent) {
    const message = `a lock is held by the run that needs it, not by hand: start a run instead`;
    throw toFailure(new GantryError('NEEDS_PARENT_RUN', message), { final: true });
  }
  const record = new RunRecord(kind, target, { reason: `held for ${heldFor}` });
  let preempted: PreemptRequest | undefined;
  setHandler(statusQuery, () => record.status());
  setHandler(preemptUpdate, (request: PreemptRequest): RunStatus => {
    preempted = request;
    record.acted(`preempt by ${request.kind}`, request);
    return record.answer();
  });
  record.enter('running');
  try {
    await condition(() => preempted !== undefined);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  record.enter('done');
  return preempted ? { preemptedBy: preempted.kind } : {};
}

/** A lock that a run needs besides its own: that of the data's own procedures. */
export type Lock = { id: string; target: string };

/** Whether all locks are still held; where one was lost, the run parks, and a retry takes it again. */
export type StillHeld = () => Promise<void>;

type Held = { lock: Lock; lost: string | undefined };

/**
 * Holds locks while `body` runs. One that another run has parks this run with who it is. They are let go whatever becomes of the
 * body, and before anything is undone.
 */
export async function holding<T>(
  context: RunContext,
  title: string,
  locks: readonly Lock[],
  body: (stillHeld: StillHeld) => Promise<T>,
): Promise<T> {
  await safePoint(context);
  const record: StepRecord = { title, step: 'run.hold', state: 'running', changed: false };
  context.runRecord.steps.push(record);
  const scope = new CancellationScope({ cancellable: true });
  const ends: Promise<unknown>[] = [];
  const held: Held[] = [];
  const take = async (lock: Lock): Promise<void> => {
    for (;;) {
      const trouble = await start(context, scope, lock, held, ends);
      if (!trouble) return;
      record.state = 'failed';
      const proveDone = async (): Promise<{ done: boolean; summary: string }> => ({
        done: false,
        summary: `${lock.id} is held by another run`,
      });
      const resolution = await park(context, { title, step: record.step, trouble, proveDone });
      record.state = 'running';
      if (resolution.action === 'skip') return;
    }
  };
  const stillHeld: StillHeld = async () => {
    for (
      let lost = held.find((one) => one.lost !== undefined);
      lost;
      lost = held.find((one) => one.lost !== undefined)
    ) {
      const trouble = simpleTrouble('LOCK_LOST', `${lost.lock.id} is no longer held: ${lost.lost}`);
      record.state = 'failed';
      const proveDone = async () => ({ done: false, summary: trouble.message });
      const resolution = await park(context, { title, step: record.step, trouble, proveDone });
      held.splice(held.indexOf(lost), 1);
      if (resolution.action !== 'skip') await take(lost.lock);
    }
    record.state = 'running';
  };
  try {
    // Always in one order: two runs that need the same locks must not wait for each other.
    for (const lock of [...locks].sort((a, b) => (a.id < b.id ? -1 : 1))) await take(lock);
    record.summary = locks.map(({ id }) => id).join(', ');
    context.runRecord.show();
    return await body(stillHeld);
  } finally {
    scope.cancel();
    await Promise.allSettled(ends);
    record.state = 'done';
    context.runRecord.show();
  }
}

async function start(
  context: RunContext,
  scope: CancellationScope,
  lock: Lock,
  held: Held[],
  ends: Promise<unknown>[],
): Promise<ReturnType<typeof simpleTrouble> | undefined> {
  const { kind } = context.runRecord;
  const input: HoldInput = { kind, target: lock.target, heldFor: workflowInfo().workflowId };
  try {
    const child = await scope.run(() =>
      startChild<(given: HoldInput) => Promise<HoldEnd>>('holdLock', {
        workflowId: lock.id,
        args: [input],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: `lock of ${lock.target}`,
      }),
    );
    const one: Held = { lock, lost: undefined };
    held.push(one);
    ends.push(
      child.result().then(
        ({ preemptedBy }) => (one.lost = preemptedBy ? `${preemptedBy} took it over` : 'it ended'),
        (error: unknown) => (one.lost = troubleOf(error).message),
      ),
    );
    return undefined;
  } catch (error) {
    if (error instanceof Ending) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) return busy(lock);
    if (error instanceof ApplicationFailure || isCancellation(error)) throw error;
    return troubleOf(error);
  }
}

async function busy(lock: Lock): Promise<ReturnType<typeof simpleTrouble>> {
  const holder = await callControl('describeHolder', { workflowId: lock.id }, `who holds ${lock.id}`).catch(
    () => undefined,
  );
  const who = holder ? `${holder.kind} of ${lock.target} (${holder.state}, since ${holder.since})` : 'another run';
  return simpleTrouble('RESOURCE_BUSY', `${lock.id} is held by ${who}`, { holder });
}
