import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { troubleOf } from '../../../src/errors/index.ts';
import type { GuardAlarm, GuardFailover, RedisFailoverInput, RunReport } from '../../../src/runs/index.ts';
import { closedStates, emergencyId, workflowTypeOf } from '../../../src/runs/index.ts';
import { iso } from '../../run/record.ts';
import type { GuardRecord } from './record.ts';
import type { GuardControls } from './controls.ts';
import { backoffMs, nextTryMs } from './decide.ts';
import { holderOf, lockHolder } from './holder.ts';

const kind = 'redis.failover';

/**
 * Starts the failover of a primary that does not answer, if the mode says so and none is under way. Whether it is dead is
 * what the failover decides; one that it refuses is tried again later, as long as the primary stays silent.
 */
export async function actOnAlarm(record: GuardRecord, controls: GuardControls): Promise<void> {
  const { memory, policy, target, mode } = record;
  const { alarm } = memory;
  if (!alarm || mode === 'observe' || memory.underWay) return;
  if (alarm.nextTryAt !== undefined && Date.now() < Date.parse(alarm.nextTryAt)) return;
  const holder = await lockHolder(target);
  if (holder !== 'unknown' && holder?.open && holder.kind === kind) {
    // Somebody else's, or one of ours whose end we missed: it is at work.
    const message = `a failover is under way already (run ${holder.runId}, ${holder.state} since ${holder.since})`;
    alarm.lastRefusal = { code: 'RESOURCE_BUSY', message, at: iso(Date.now()) };
    alarm.nextTryAt = iso(Date.now() + backoffMs(policy, 1));
    return;
  }
  await startFailover(record, controls, alarm);
}

async function startFailover(record: GuardRecord, controls: GuardControls, alarm: GuardAlarm): Promise<void> {
  const { memory, target } = record;
  const { last } = memory.known;
  // An offset of another node says nothing about this one's losses.
  const known = last?.node === alarm.node ? last : undefined;
  const input: RedisFailoverInput = {
    group: target,
    requestedBy: workflowInfo().workflowId,
    reason: `${alarm.node} has not answered since ${alarm.since}: ${alarm.why}`,
    ...(known ? { lastKnownOffset: known.offset, lastKnownAt: known.at } : {}),
    ...(known?.own && alarm.readMs !== undefined
      ? { lastReading: { node: known.node, ...known.own, ageMs: alarm.readMs } }
      : {}),
    ...(record.mode === 'ask' ? { ask: true } : {}),
  };
  const now = Date.now();
  const failover: GuardFailover = {
    workflowId: emergencyId(kind, target, `${iso(now).replace(/[-:]|\.\d+/g, '')}-guard`),
    runId: '',
    startedAt: iso(now),
    node: alarm.node,
    ...(known ? { lastKnownOffset: known.offset } : {}),
  };
  try {
    // Its own from now on: neither the end nor the cancellation of the guard touches it.
    const child = await CancellationScope.nonCancellable(() =>
      startChild<(input: RedisFailoverInput) => Promise<RunReport>>(workflowTypeOf(kind), {
        workflowId: failover.workflowId,
        args: [input],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: `${kind} of ${target}, by its guard`,
      }),
    );
    failover.runId = child.firstExecutionRunId;
    record.began(failover);
    void child.result().then(
      ({ outcome }) => settled(record, controls, failover, { outcome }),
      (error: unknown) => settled(record, controls, failover, failureOf(error)),
    );
  } catch (error) {
    const code = error instanceof WorkflowExecutionAlreadyStartedError ? 'RESOURCE_BUSY' : troubleOf(error).code;
    const { message } = troubleOf(error);
    record.began(failover);
    settled(record, controls, failover, { outcome: 'refused', code, message });
  }
  record.show();
}

type Settled = { outcome: string; code?: string; message?: string };

function failureOf(error: unknown): Settled {
  const { code, message } = troubleOf(error);
  return { outcome: code === 'RESOURCE_BUSY' ? 'refused' : outcomeOf(error), code, message };
}

/** A refused or failed run carries its report as the second detail of its failure, as deep as the proxy run has put it. */
function outcomeOf(error: unknown): string {
  for (let at = error as { cause?: unknown; details?: unknown[] } | undefined; at; at = at.cause as typeof at) {
    const report = at.details?.[1] as Partial<RunReport> | undefined;
    if (typeof report?.outcome === 'string') return report.outcome;
  }
  return 'failed';
}

/** What became of a failover, and when the next one may be tried if the primary is silent still. */
function settled(record: GuardRecord, controls: GuardControls, failover: GuardFailover, end: Settled): void {
  const { memory, policy } = record;
  const now = Date.now();
  Object.assign(failover, end, { endedAt: iso(now) });
  // A new run of the guard has a copy of its own.
  const kept = memory.failovers.find(({ workflowId }) => workflowId === failover.workflowId);
  if (kept) Object.assign(kept, end, { endedAt: iso(now) });
  if (memory.underWay?.workflowId === failover.workflowId) memory.underWay = undefined;
  const { alarm } = memory;
  if (alarm) {
    if (end.outcome === 'done') alarm.refusals = 0;
    else {
      alarm.refusals += 1;
      alarm.lastRefusal = {
        code: end.code ?? end.outcome,
        message: end.message ?? `it ended as ${end.outcome}`,
        at: iso(now),
      };
    }
    alarm.nextTryAt = iso(now + nextTryMs(policy, Math.max(1, alarm.refusals), end.outcome, end.code));
    if (end.outcome !== 'done' && alarm.refusals === 1) {
      const { code, message } = alarm.lastRefusal ?? { code: end.outcome, message: '' };
      record.tell('alarm', `the failover of ${alarm.node} came to nothing: ${code}: ${message}; it is tried again`);
    }
  }
  controls.attention = true;
  record.show();
}

/** A failover that an earlier run of this guard started: its end is not told here, so it is asked for. */
export async function followUnderWay(record: GuardRecord, controls: GuardControls): Promise<void> {
  const { underWay } = record.memory;
  if (!underWay) return;
  const { workflowId, runId: started } = underWay;
  const now = await holderOf(workflowId, `what became of ${workflowId}`);
  if (now === 'unknown' || now?.open) return;
  const told = closedStates.find((state) => state === now?.state);
  const outcome = told ?? (now ? 'failed' : 'unknown');
  const message = `it ended as ${outcome} (run ${now?.runId ?? started})`;
  settled(record, controls, underWay, { outcome, ...(outcome === 'done' ? {} : { message }) });
}
