import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  log,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type {
  Kind,
  ListAsk,
  ListItem,
  ListLimits,
  ListProgress,
  ListRunnerInput,
  ListState,
  ListTally,
  RunInput,
  StepRecord,
  Stored,
  TroubleRecord,
} from '../../src/runs/index.ts';
import { freshList, listLimits, listRunnerId, listRunnerType, progressLines } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import { Ending } from './ending.ts';
import { askSignal } from './list-asks.ts';
import { progressSignal } from './list-tell.ts';
import { park } from './park.ts';
import { iso } from './record.ts';
import { safePoint } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

/** A list of runs, and how it is worked off. */
export type ListOptions<S extends string = string> = {
  /** A stored list, or a few items. */
  items: Stored<readonly ListItem[]> | readonly ListItem[];
  /** What each of them is. */
  as: Kind & S;
  /** Fields of the input that each run is given besides its item's own. */
  common?: RunInput;
  /** At most so many at once, 500 at the most. */
  window: number;
  /** So many may fail. When one more has, no further one is started, and those under way end. */
  maxFailures: number;
  /** How many that share the same may be under way at once. */
  limits?: ListLimits;
  /** A parked item keeps its place for so long; ten minutes unless given. Milliseconds. */
  parkedKeepsPlaceMs?: number;
  /** How often items that an earlier history of the runner started are looked at, at first; a minute unless given. Milliseconds. */
  lookEveryMs?: number;
  /** Events after which the runner continues as new. */
  fullHistory?: number;
};

/** Below the 5,000 that the house allows: what is on its way when it is full needs room, too. */
const fullHistory = 3_500;
const parkedKeepsPlaceMs = 10 * 60_000;
const lookEveryMs = 60_000;

type List = {
  readonly context: RunContext;
  readonly title: string;
  readonly runnerId: string;
  readonly record: StepRecord;
  readonly input: Omit<ListRunnerInput, 'state'>;
  /** How often the runner was asked for something. */
  asks: number;
};

/**
 * Works off a list: one run for each item, by a runner that is a workflow of its own, so that the history of this run stays
 * short. Pause, abort, pre-emption and cancellation are handed down. Some that are not done park this run, once all that were
 * under way have ended.
 */
export async function runList(context: RunContext, title: string, options: ListOptions): Promise<ListTally> {
  await safePoint(context);
  context.lists += 1;
  const runnerId = listRunnerId(workflowInfo().workflowId, context.lists);
  const record: StepRecord = { title, step: options.as, state: 'running', changed: false };
  Object.assign(record, { startedAt: iso(Date.now()), run: { workflowId: runnerId, state: 'pending' } });
  context.runRecord.steps.push(record);
  context.runRecord.show();
  const list: List = { context, title, runnerId, record, input: await inputOf(title, options), asks: 0 };
  setHandler(progressSignal, (progress) => {
    if (record.state === 'running') show(list, progress);
  });
  let state = freshList;
  for (;;) {
    const { tally, trouble } = await workOff(list, state);
    if (tally) {
      note(list, tally);
      throwIfInterrupted(context);
      // Those that are done count for the list; those that failed get another chance each.
      const { cursor, again, done, changed, measurements } = tally;
      state = { ...freshList, cursor, ahead: again, done, changed, measurements };
    }
    if (!trouble) return tally;
    record.state = 'failed';
    record.summary = `${trouble.code}: ${trouble.message}`;
    context.runRecord.show();
    const proveDone = async () => ({ done: false, summary: record.summary ?? '' });
    const resolution = await park(context, { title, step: record.step, trouble, proveDone });
    if (resolution.action === 'skip') {
      Object.assign(record, { state: 'skipped', note: resolution.proof ?? '' });
      context.runRecord.show();
      return tally ?? emptyTally(list);
    }
    record.state = 'running';
  }
}

async function inputOf(title: string, options: ListOptions): Promise<List['input']> {
  const { items, as, common = {}, window, maxFailures, limits = {} } = options;
  const list = isStoredList(items) ? items : await callControl('storeList', { items }, `store the list: ${title}`);
  return {
    ...{ title, kind: as, list, common, maxFailures, limits },
    window: Math.max(1, Math.min(window, listLimits.window)),
    parkedKeepsPlaceMs: options.parkedKeepsPlaceMs ?? parkedKeepsPlaceMs,
    lookEveryMs: options.lookEveryMs ?? lookEveryMs,
    fullHistory: options.fullHistory ?? fullHistory,
  };
}

function isStoredList(items: ListOptions['items']): items is Stored<readonly ListItem[]> {
  return !Array.isArray(items);
}

type Worked = { tally: ListTally; trouble?: undefined } | { tally?: ListTally; trouble: TroubleRecord };

/** One runner, from its start to its end, whatever is asked of this run meanwhile. */
async function workOff(list: List, state: ListState): Promise<Worked> {
  const { context, runnerId, record, input, title } = list;
  const seen: { end?: Worked } = {};
  try {
    const runner = await startChild<(input: ListRunnerInput) => Promise<ListTally>>(listRunnerType, {
      workflowId: runnerId,
      args: [{ ...input, state }],
      // If this run ends without it (it is terminated), nothing more is started; what is under way ends by itself.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: title,
    });
    record.run = { workflowId: runnerId, state: 'running' };
    context.runRecord.show();
    void runner.result().then(
      (tally) => (seen.end = workedOff(list, tally)),
      (error: unknown) => (seen.end = { trouble: lost(list, error) }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return { trouble: await busy(runnerId) };
  }
  const ending = await untilEnd(list, () => seen.end !== undefined);
  const { end } = seen;
  if (!end) throw new Error('the wait for the runner of a list ended before it');
  if (!ending) return end;
  if (end.tally) note(list, end.tally);
  throw ending;
}

/** Waits for the runner's end, hands down what is asked, and stands still with it. Answers what has ended the body meanwhile. */
async function untilEnd(list: List, ended: () => boolean): Promise<Ending | undefined> {
  const { context, record } = list;
  let ending: Ending | undefined;
  let sent: ListAsk['ask'] | undefined;
  const stands = (): boolean => sent === 'pause' && record.list?.standing === true;
  while (!ended()) {
    const wanted = wish(context, ending, sent);
    if (wanted !== undefined && wanted !== sent) {
      sent = wanted;
      if (record.list) record.list = { ...record.list, standing: false };
      await ask(list, wanted);
      continue;
    }
    if (stands() && context.controls.pauseAsked && !ending) {
      ending = await stoodStill(context);
      continue;
    }
    await condition(
      () =>
        ended() ||
        (wish(context, ending, sent) ?? sent) !== sent ||
        (stands() && context.controls.pauseAsked && !ending),
    );
  }
  return ending;
}

/** What the runner should have been asked for last. */
function wish(context: RunContext, ending: Ending | undefined, sent: ListAsk['ask'] | undefined) {
  const { controls } = context;
  if (interrupted(context)) return controls.preempted ? 'preempt' : controls.abortAsked ? 'abort' : 'cancel';
  if (ending) return 'stop';
  if (controls.pauseAsked) return 'pause';
  return sent === 'pause' ? 'resume' : undefined;
}

/** The pause of this run, once its list stands still. What ends the run there ends the list first. */
async function stoodStill(context: RunContext): Promise<Ending | undefined> {
  try {
    await safePoint(context);
    return undefined;
  } catch (error) {
    if (error instanceof Ending) return error;
    throw error;
  }
}

async function ask(list: List, what: ListAsk['ask']): Promise<void> {
  const { context, runnerId } = list;
  const { runRecord, controls } = context;
  list.asks += 1;
  const last = runRecord.actions.findLast(({ action }) => action.startsWith(what));
  const request: ListAsk = {
    ask: what,
    by: last?.by ?? runRecord.target,
    reason: last?.reason ?? `${what} of ${runRecord.kind} of ${runRecord.target}`,
    id: `${workflowInfo().runId}/${what}/${list.asks}`,
    ...(what === 'preempt' && controls.preempted ? { kind: controls.preempted.kind } : {}),
  };
  try {
    // Without a run id: the runner may have continued as new.
    await getExternalWorkflowHandle(runnerId).signal(askSignal, request);
  } catch (error) {
    // It has just ended.
    log.warn('the runner of the list could not be asked', { what, error });
  }
}

function show({ context, record }: List, progress: ListProgress): void {
  record.list = progress;
  record.changed = progress.changed > 0;
  record.summary = progressLines(progress).join('; ');
  context.runRecord.show();
}

/** What has become of the list, in the record and for what a run leaves behind. */
function note({ context, record, runnerId }: List, tally: ListTally): void {
  const { total, done, changed, failures, failed, left, measurements, histories, mostEvents } = tally;
  delete record.list;
  Object.assign(record, {
    state: failures > 0 || left > 0 ? 'failed' : changed > 0 ? 'done' : 'unchanged',
    changed: changed > 0,
    after: { total, done, changed, failures, left, measurements, histories, mostEvents, failed: failed.slice(0, 30) },
    summary: inWords(tally),
    run: { workflowId: runnerId, state: failures === 0 && left === 0 ? 'done' : 'failed' },
    ms: Date.now() - Date.parse(record.startedAt ?? iso(Date.now())),
  });
  const kept = `${changed} of ${total} were changed and stay as they are`;
  const lines = failed.map(({ name, workflowId, code, message }) => `${name} (${workflowId}): ${code}: ${message}`);
  context.leftByChildren.set(record, [kept, ...lines]);
  context.runRecord.show();
}

function inWords({ total, done, changed, failures, left, stopped }: ListTally): string {
  return [
    `${done} of ${total} done, ${changed} changed`,
    ...(failures > 0 ? [`${failures} failed`] : []),
    ...(left > 0 ? [`${left} not begun${stopped ? `: ${stopped}` : ''}`] : []),
  ].join('; ');
}

const namedFailures = 5;

function workedOff(list: List, tally: ListTally): Worked {
  const { failures, left, failed } = tally;
  if (tally.trouble) return { tally, trouble: tally.trouble };
  if (failures === 0 && left === 0) return { tally };
  const names = failed.slice(0, namedFailures).map(({ name, code }) => `${name}: ${code}`);
  const more = failures > names.length ? ', …' : '';
  const which = names.length > 0 ? ` (${names.join(', ')}${more})` : '';
  const message = `"${list.title}": ${inWords(tally)}${which}`;
  return { tally, trouble: simpleTrouble('LIST_NOT_DONE', message, { failed: failed.slice(0, 20), left }) };
}

/** The runner itself has ended: terminated, or by a mistake in its code. What it had begun goes on. */
function lost({ runnerId }: List, error: unknown): TroubleRecord {
  const { code, message } = troubleOf(error);
  return simpleTrouble(
    'CHILD_NOT_DONE',
    `${runnerId}, the runner of the list, ended: ${code}: ${message}. What it had started goes on; \`gantry retry\` starts it again over the whole list: what is done reports no change`,
    { child: runnerId },
  );
}

async function busy(runnerId: string): Promise<TroubleRecord> {
  const call = { workflowId: runnerId };
  const holder = await callControl('describeHolder', call, `who holds ${runnerId}`).catch(() => undefined);
  const message = `${runnerId} still works off the list of an earlier run; when what it has under way has ended, retry`;
  return simpleTrouble('RESOURCE_BUSY', message, { holder: holder ?? null });
}

function emptyTally({ input }: List): ListTally {
  const { count } = input.list;
  const none = { done: 0, changed: 0, failures: 0, failed: [], again: [], cursor: 0, measurements: {} };
  return { total: count, ...none, left: count, histories: 0, mostEvents: 0 };
}
