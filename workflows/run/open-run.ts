import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import type { FailureDetails } from '../../src/errors/index.ts';
import { GantryError, isErrorCode, problem, refusal, toFailure, troubleOf } from '../../src/errors/index.ts';
import type { Admission, Kind, Outcome, RunInput, RunReport, PlannedStep } from '../../src/runs/index.ts';
import { coveredBy, itemEnd, requestPrefix, runId, startedBy, verbOf } from '../../src/runs/index.ts';
import { RunRecord } from './record.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import type { Controls } from './controls.ts';
import { openControls } from './controls.ts';
import { Ending } from './ending.ts';
import { fileSteps } from './file-steps.ts';
import type { RunOptions } from './proxy.ts';
import { runProxy } from './proxy.ts';
import { isItem } from './item.ts';
import { leftBehind } from './left-behind.ts';
import { notify } from './notify.ts';
import { tellList } from './parent.ts';
import type { Run } from './run.ts';
import { createRun } from './run.ts';
import { checkGates, safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';
import { undoAll } from './undo.ts';

const noticeGraceMs = 5_000;

/**
 * Every workflow that changes something stands on this: identity and lock, admission, the body, the undo, the report.
 * Planned, done, aborted and pre-empted runs complete with their report; refused and failed ones fail with it in the
 * failure's details; a cancelled one ends as cancelled.
 */
export async function openRun<K extends Kind, I extends RunInput, S extends string = PlannedStep<K>>(
  kind: K,
  input: I,
  body: (run: Run<S>) => Promise<void>,
  options: RunOptions = {},
): Promise<RunReport> {
  const identity = runId(kind, input);
  if (!identity.ok) {
    throw toFailure(refusal([problem('INVALID_INPUT', identity.problem, identity.place)], { kind: verbOf(kind) }), {
      final: true,
    });
  }
  if (input.dryRun !== true) refuseOrphan(kind, identity);
  if (input.dryRun !== true && workflowInfo().workflowId !== identity.id) {
    return runProxy(kind, identity.target, identity.id, input, options);
  }
  const runRecord = new RunRecord(kind, identity.target, input);
  const controls = openControls(runRecord);
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const context = openContext(runRecord, controls);
    root.cancelRequested.catch(() => {
      context.cancelled = true;
      for (const scope of context.active) scope.cancel();
    });
    const ending = await carryOut(context, input, body);
    return close(context, ending);
  });
}

/** @throws NEEDS_PARENT_RUN for a kind that is a part of another one's runs, unless the holder of the wider lock started it */
function refuseOrphan(kind: Kind, { id, target }: { id: string; target: string }): void {
  const by = startedBy(kind);
  const { parent } = workflowInfo();
  const wider = id.slice(0, id.lastIndexOf('/'));
  if (by === undefined || parent?.workflowId === wider) return;
  const who = parent ? `, not by ${parent.workflowId}` : '';
  const message = `${kind} of ${target} is started by the run of ${by} that holds ${wider}${who}: start \`gantry ${by.replace('.', ' ')}\``;
  throw toFailure(new GantryError('NEEDS_PARENT_RUN', message, { evidence: { parent: parent?.workflowId ?? null } }), {
    final: true,
  });
}

function openContext(runRecord: RunRecord, controls: Controls): RunContext {
  const context: RunContext = {
    runRecord,
    controls,
    // Comes from admission; until then nothing reads it.
    policy: undefined as never,
    platformDigest: '',
    plans: [],
    lists: 0,
    adopting: undefined,
    undo: [],
    invariants: [],
    leftByChildren: new Map(),
    notices: [],
    cancelled: false,
    active: new Set(),
    undoing: false,
    stand: () => safePoint(context),
    checkGates: (when) => checkGates(context, when),
  };
  return context;
}

async function admit(context: RunContext, input: unknown): Promise<void> {
  try {
    const { kind } = context.runRecord;
    const { parent } = workflowInfo();
    const { workflowId, runId: parentRunId } = parent ?? {};
    const tells = coveredBy(kind).length > 0 || workflowId?.startsWith(requestPrefix) === true;
    const startedBy = workflowId && parentRunId && tells ? { startedBy: { workflowId, runId: parentRunId } } : {};
    const admission: Admission = await callControl('admit', { kind, input, ...startedBy }, 'admission');
    Object.assign(context, admission);
  } catch (error) {
    throw new Ending('refused', troubleOf(error));
  }
}

async function carryOut<I extends RunInput, S extends string>(
  context: RunContext,
  input: I,
  body: (run: Run<S>) => Promise<void>,
): Promise<Ending | undefined> {
  const { controls } = context;
  let ending: Ending | undefined;
  try {
    await admit(context, input);
    await body(createRun(context));
    // What was asked for during the last step still counts; only an emergency finds a finished run good enough.
    if (!controls.preempted) await safePoint(context);
    if (context.cancelled) ending = new Ending('cancelled');
  } catch (error) {
    ending = endingOf(error);
  }
  const { runRecord } = context;
  if (ending && (ending.outcome === 'aborted' || ending.outcome === 'cancelled') && !runRecord.pastNoReturn) {
    try {
      await undoAll(context);
    } catch (error) {
      return endingOf(error);
    }
  }
  return ending;
}

/** A mistake in workflow code is not an ending: it fails the workflow task, which retries until the code is right. */
function endingOf(error: unknown): Ending {
  if (error instanceof Ending) return error;
  throw error;
}

async function close(context: RunContext, ending: Ending | undefined): Promise<RunReport> {
  const { runRecord } = context;
  const outcome: Outcome = ending?.outcome ?? 'done';
  if (ending?.trouble) runRecord.problem = ending.trouble;
  if (outcome !== 'done' && outcome !== 'planned') runRecord.leftBehind = leftBehind(context);
  runRecord.pending.clear();
  runRecord.enter(outcome);
  await publish(context, outcome);
  if (isItem()) tellList(context, itemEnd(runRecord.result(outcome)));
  if (outcome === 'failed' || outcome === 'cancelled' || runRecord.leftBehind.length > 0 || runRecord.publishProblem) {
    const left = runRecord.leftBehind.length > 0 ? ` and leaves behind: ${runRecord.leftBehind.join('; ')}` : '';
    const what = `${runRecord.kind} of ${runRecord.target} ended as ${outcome}${left}`;
    notify(context, 'ended', what, runRecord.problem ?? runRecord.publishProblem);
  }
  // A pager that doesn't answer must not hold the target's lock.
  if (context.notices.length > 0) {
    let told = false;
    void Promise.allSettled(context.notices).then(() => (told = true));
    await condition(() => told, noticeGraceMs, { summary: 'notices' });
  }
  await condition(allHandlersFinished);
  await Promise.all(runRecord.beingRecorded);
  const report = runRecord.result(outcome);
  if (outcome === 'cancelled') throw new CancelledFailure(`${runRecord.kind} of ${runRecord.target} was cancelled`);
  if (outcome === 'refused' || outcome === 'failed') throw ended(report);
  return report;
}

/** The last act of a run. If it fails for good the run still ends as it did, says so, and people are told. */
async function publish(context: RunContext, outcome: Outcome): Promise<void> {
  const { runRecord } = context;
  if (runRecord.dryRun) return;
  await fileSteps(context);
  try {
    const { uri } = await callControl('publishReport', { report: runRecord.report(outcome) }, 'publish the report');
    runRecord.published = uri;
  } catch (error) {
    const cause = troubleOf(error);
    runRecord.publishProblem = simpleTrouble('PUBLISH_FAILED', `${cause.code}: ${cause.message}`, cause.evidence);
  }
}

function ended(report: RunReport): ApplicationFailure {
  const trouble = report.problem ?? simpleTrouble('UNEXPECTED', 'the run failed without a recorded problem');
  const details: FailureDetails = {
    problems: trouble.problems as FailureDetails['problems'],
    evidence: trouble.evidence,
  };
  return ApplicationFailure.create({
    message: trouble.message,
    type: isErrorCode(trouble.code) ? trouble.code : 'UNEXPECTED',
    nonRetryable: true,
    details: [details, report],
  });
}
