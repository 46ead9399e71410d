import { ApplicationFailure, WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import type { WorkflowInfo } from '@temporalio/workflow';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type { Kind, RunInput, RunReport, StepRecord, TroubleRecord } from '../../src/runs/index.ts';
import { isLeft, workflowTypeOf } from '../../src/runs/index.ts';
import { iso } from './record.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { holderInWords } from './holder.ts';
import { leftByChild } from './left-behind.ts';
import { reportsToParent } from './parent.ts';
import { simpleTrouble } from './trouble.ts';

/** A run that is a part of this one. */
export type ChildSpec<S extends string = string> = {
  /** In the words of the workflow. */
  title: string;
  kind: Kind & S;
  input: RunInput;
  /** Those of a wave start when all of the waves before it have ended. */
  wave: number;
  /** What it must have for itself: two children that name the same are never under way at once. */
  alone?: readonly string[];
};

/** One child's line in the record, and what became of it. */
export type ChildEntry = {
  readonly spec: ChildSpec;
  /** Its lock. */
  readonly workflowId: string;
  readonly record: StepRecord;
  runId: string | undefined;
  /** Why it isn't done, once it has ended otherwise. */
  trouble: TroubleRecord | undefined;
  /** Cancels it; set while it is under way. */
  cancel: () => void;
};

/**
 * Starts a child and waits for its end, whatever that is; the entry says what came of it. It is never torn apart: if this run
 * is terminated the child goes on (ABANDON), and a cancellation is waited for until the child has really ended.
 */
export async function carryChild(context: RunContext, entry: ChildEntry): Promise<void> {
  const { spec, record, workflowId } = entry;
  const startedAt = Date.now();
  const show = (state: NonNullable<StepRecord['run']>['state']): void => {
    record.run = { workflowId, ...(entry.runId === undefined ? {} : { runId: entry.runId }), state };
    context.runRecord.show();
  };
  Object.assign(record, { state: 'running', startedAt: iso(startedAt) });
  delete record.summary;
  entry.trouble = undefined;
  entry.runId = undefined;
  show('running');
  const scope = new CancellationScope({ cancellable: true });
  entry.cancel = () => scope.cancel();
  try {
    const report = await scope.run(async () => {
      const child = await startChild<(input: RunInput) => Promise<RunReport>>(workflowTypeOf(spec.kind), {
        workflowId,
        args: [spec.input],
        memo: reportsToParent,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        staticSummary: spec.title,
      });
      entry.runId = child.firstExecutionRunId;
      show('running');
      return child.result();
    });
    noteChanges(context, entry, report);
    record.after = { outcome: report.outcome, measurements: report.measurements };
    const words = inWords(report);
    if (report.outcome === 'done') Object.assign(record, { state: 'done', ...(words ? { summary: words } : {}) });
    else entry.trouble = notDone(entry, report.outcome, report.problem);
    show(report.outcome);
  } catch (error) {
    const report = reportOf(error);
    if (report) noteChanges(context, entry, report);
    entry.trouble = await troubleOfChild(entry, error);
    show('failed');
  }
  record.ms = Date.now() - startedAt;
  if (!entry.trouble) return;
  record.state = 'failed';
  record.summary = `${entry.trouble.code}: ${entry.trouble.message}`;
}

/** Whether it left anything changed, and what it says about that. */
function noteChanges({ leftByChildren }: RunContext, { record }: ChildEntry, report: RunReport): void {
  record.changed = report.stepsBefore !== undefined || report.steps.some(isLeft);
  leftByChildren.set(record, leftByChild(report));
}

/** The report in the failure of a child that failed. */
function reportOf(error: unknown): RunReport | undefined {
  for (let at = error; at instanceof Error; at = at.cause)
    if (at instanceof ApplicationFailure) return at.details?.[1] as RunReport | undefined;
  return undefined;
}

/** What the run itself measured says more than its last step; a step's own measurements have its name before a dot. */
function inWords({ measurements, steps }: RunReport): string | undefined {
  const own = Object.entries(measurements).filter(([name]) => !name.includes('.'));
  return own.length > 0 ? own.map(([name, value]) => `${name} ${value}`).join(', ') : steps.at(-1)?.summary;
}

/**
 * Whether a run speaks for going on without another one: of the same kind, started by this run, after the one that failed, and
 * done. What anybody else did to the target is not this run's plan: whoever takes it for that accepts the risk in words.
 */
export async function provenByLaterRun({
  spec,
  workflowId,
  runId,
  record,
}: ChildEntry): Promise<{ done: boolean; summary: string }> {
  const last = await callControl('describeHolder', { workflowId }, `how ${workflowId} ended`);
  const no = (summary: string): { done: boolean; summary: string } => ({ done: false, summary });
  if (!last) return no(`there was no run ${workflowId}`);
  const own = workflowInfo();
  const which = `the last run of ${workflowId} (${last.runId})`;
  if (last.kind !== spec.kind) return no(`${which} is a ${last.kind}, not a ${spec.kind}`);
  if (last.startedBy?.workflowId !== own.workflowId || !ownRunIds(own).includes(last.startedBy.runId))
    return no(`${which} was not started by this run`);
  if (last.runId === runId) return no(`${which} is the one that is ${last.state}`);
  if (record.startedAt !== undefined && last.since < record.startedAt)
    return no(`${which} is older than the one that failed`);
  return { done: !last.open && last.state === 'done', summary: `${which} is ${last.state}` };
}

/** A reset gives a run another id; its children were started under the old one. */
function ownRunIds({ runId, originalExecutionRunId, firstExecutionRunId }: WorkflowInfo): string[] {
  return [runId, originalExecutionRunId, firstExecutionRunId];
}

async function troubleOfChild(entry: ChildEntry, error: unknown): Promise<TroubleRecord> {
  const { workflowId } = entry;
  if (!(error instanceof WorkflowExecutionAlreadyStartedError)) return notDone(entry, 'failed', troubleOf(error));
  // Of a run that was terminated, or of somebody else's: what it does is not this run's plan, so it isn't taken for it.
  const holder = await callControl('describeHolder', { workflowId }, `who holds ${workflowId}`).catch(() => undefined);
  return simpleTrouble('RESOURCE_BUSY', `${workflowId} is held by ${holderInWords(holder)}; when it has ended, retry`, {
    holder: holder ?? null,
  });
}

function notDone({ workflowId, runId }: ChildEntry, outcome: string, cause: TroubleRecord | undefined): TroubleRecord {
  const why = cause ? `: ${cause.code}: ${cause.message}` : '';
  const trouble = simpleTrouble('CHILD_NOT_DONE', `${workflowId} ended as ${outcome}${why}`);
  return {
    ...trouble,
    hint: `\`gantry run ${workflowId}\` tells why. ${cause ? `${cause.hint} ` : ''}\`gantry retry\` starts it again, \`gantry skip\` goes on without it.`,
    problems: cause?.problems ?? trouble.problems,
    evidence: { child: workflowId, runId: runId ?? null, ...cause?.evidence },
  };
}
