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
import type { Admission, Kind, Outcome, RunInput, RunReport } from '../../src/runs/index.ts';
import { kinds, runId, startedBy } from '../../src/runs/index.ts';
import { RunBook } from './book.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import type { Controls } from './controls.ts';
import { openControls } from './controls.ts';
import { Ending } from './ending.ts';
import type { RunOptions } from './front.ts';
import { runFront } from './front.ts';
import { notify } from './notify.ts';
import type { Run } from './run.ts';
import { createRun } from './run.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';
import { undoAll } from './undo.ts';

const noticeGraceMs = 5_000;

/**
 * Every workflow that changes something stands on this: identity and lock, admission, the body, the way back, the report.
 * Planned, done, aborted and pre-empted runs complete with their report; refused and failed ones fail with it in the
 * failure's details; a cancelled one ends as cancelled.
 */
export async function openRun<I extends RunInput>(
  kind: Kind,
  input: I,
  body: (run: Run) => Promise<void>,
  options: RunOptions = {},
): Promise<RunReport> {
  const identity = runId(kind, input);
  if (!identity.ok) {
    throw toFailure(refusal([problem('INVALID_INPUT', identity.problem, identity.place)], { kind: kinds[kind].verb }), {
      final: true,
    });
  }
  if (input.dryRun !== true) refuseOrphan(kind, identity);
  if (input.dryRun !== true && workflowInfo().workflowId !== identity.id) {
    return runFront(kind, identity.target, identity.id, input, options);
  }
  const book = new RunBook(kind, identity.target, input);
  const controls = openControls(book);
  const root = CancellationScope.current();
  return CancellationScope.nonCancellable(async () => {
    const context = openContext(book, controls);
    root.cancelRequested.catch(() => {
      context.cancelled = true;
      context.active?.cancel();
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

function openContext(book: RunBook, controls: Controls): RunContext {
  return {
    book,
    controls,
    // Both come from admission; until then nothing reads them.
    policy: undefined as never,
    platformDigest: '',
    replan: undefined,
    undo: [],
    invariants: [],
    notices: [],
    cancelled: false,
    active: undefined,
    undoing: false,
  };
}

async function admit(context: RunContext, input: unknown): Promise<void> {
  try {
    const admission: Admission = await callControl('admit', { kind: context.book.kind, input }, 'admission');
    Object.assign(context, admission);
  } catch (error) {
    throw new Ending('refused', troubleOf(error));
  }
}

async function carryOut<I extends RunInput>(
  context: RunContext,
  input: I,
  body: (run: Run) => Promise<void>,
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
  const { book } = context;
  if (ending && (ending.outcome === 'aborted' || ending.outcome === 'cancelled') && !book.pastNoReturn) {
    try {
      await undoAll(context);
    } catch (error) {
      return endingOf(error);
    }
  }
  return ending;
}

/** A mistake in workflow code is not an ending: it fails the workflow task, which retries until the code is mended. */
function endingOf(error: unknown): Ending {
  if (error instanceof Ending) return error;
  throw error;
}

async function close(context: RunContext, ending: Ending | undefined): Promise<RunReport> {
  const { book } = context;
  const outcome: Outcome = ending?.outcome ?? 'done';
  if (ending?.trouble) book.problem = ending.trouble;
  if (outcome !== 'done' && outcome !== 'planned') book.leftBehind = leftBehind(context);
  book.pending.clear();
  book.enter(outcome);
  await publish(context, outcome);
  if (outcome === 'failed' || outcome === 'cancelled' || book.leftBehind.length > 0 || book.publishProblem) {
    notify(context, 'ended', `${book.kind} of ${book.target} ended as ${outcome}`, book.problem ?? book.publishProblem);
  }
  // A pager that doesn't answer must not hold the target's lock.
  if (context.notices.length > 0) {
    let told = false;
    void Promise.allSettled(context.notices).then(() => (told = true));
    await condition(() => told, noticeGraceMs, { summary: 'notices' });
  }
  await condition(allHandlersFinished);
  const report = book.report(outcome);
  if (outcome === 'cancelled') throw new CancelledFailure(`${book.kind} of ${book.target} was cancelled`);
  if (outcome === 'refused' || outcome === 'failed') throw ended(report);
  return report;
}

/** What a run that didn't finish leaves: changes that weren't undone, and past the point of no return what remains to do. */
function leftBehind({ book, undo }: RunContext): string[] {
  const children = book.steps.flatMap(({ title, state, run }) =>
    run && state === 'done' ? [`"${title}" is done and stays as it is (${run.workflowId})`] : [],
  );
  if (!book.pastNoReturn) {
    return [...undo.map((entry) => `"${entry.title}" was changed by this run and not undone`), ...children];
  }
  const begun = new Set(book.steps.map(({ step }) => plainName(step)));
  return [
    ...book.steps
      .filter(({ state }) => state === 'failed' || state === 'running' || state === 'looking')
      .map(({ title, state, summary }) => `"${title}" is ${state}${summary ? `: ${summary}` : ''}`),
    ...(book.plan?.actions ?? [])
      .filter(({ step }) => !begun.has(plainName(step)))
      .map(({ what }) => `not begun: ${what}`),
  ];
}

/** A step goes by its activity (`redisHandover`) until it has reported, then by its name (`redis.handover`). */
function plainName(step: string): string {
  return step.replaceAll(/[^A-Za-z0-9]/g, '').toLowerCase();
}

/** The last act of a run. If it fails for good the run still ends as it did, says so, and people are told. */
async function publish(context: RunContext, outcome: Outcome): Promise<void> {
  const { book } = context;
  if (book.dryRun) return;
  try {
    const { uri } = await callControl('publishReport', { report: book.report(outcome) }, 'publish the report');
    book.published = uri;
  } catch (error) {
    const cause = troubleOf(error);
    book.publishProblem = simpleTrouble('PUBLISH_FAILED', `${cause.code}: ${cause.message}`, cause.evidence);
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
