import {
  ApplicationFailure,
  ChildWorkflowFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
} from '@temporalio/common';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  currentUpdateInfo,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { GantryError, toFailure } from '../../src/errors/index.ts';
import type { Kind, Outcome, RunInput, RunReport, RunStatus, UpdateName } from '../../src/runs/index.ts';
import { markRun } from './record.ts';
import { DetailsPage } from './details-page.ts';
import { callControl } from './call.ts';
import { approveUpdate } from './approve.ts';
import { holderInWords } from './holder.ts';
import { abortUpdate, pauseUpdate, preemptUpdate, resolveUpdate, resumeUpdate, statusQuery } from './controls.ts';
import { describeApprove, describeResolve, descriptions } from './descriptions.ts';
import type { Mirrored } from './mirror.ts';
import { carriedOutBy, mirrorSignal, reportsToProxy } from './mirror.ts';

type Real = (input: unknown) => Promise<RunReport>;

/** The run that does the work: its run id once it has been started, or why it wasn't. */
type ProxyRun = { runId: string; refusal: ApplicationFailure | undefined; startedAt: string; mirrored: boolean };

/** What a kind says of its runs to the runtime. */
export type RunOptions = {
  /**
   * An outage never waits: the holder of the lock is pre-empted. Start such a run under an id of its own. Called before
   * anybody is interrupted, it throws what speaks against the run: a false alarm must not end a healthy one.
   */
  emergency?: () => Promise<void>;
};

/** Somebody else may take the lock in between. */
const emergencyTries = 3;
/** How long a holder has to reach its next safe point before it is terminated. */
const preemptGraceMs = 3_000;

/**
 * A run that was started under an id that isn't its target's (typed in the UI, or stamped by a schedule): it starts the
 * real run under the id that is the lock, hands every update on to it and returns its result.
 */
export async function runProxy(
  kind: Kind,
  target: string,
  ownId: string,
  input: RunInput,
  options: RunOptions,
): Promise<RunReport> {
  const proxy: ProxyRun = {
    runId: '',
    refusal: undefined,
    startedAt: new Date(Date.now()).toISOString(),
    mirrored: false,
  };
  setProxyHandlers(proxy, kind, target, ownId);
  markRun(kind, target, 'running');
  try {
    const report = await startAndWait(proxy, kind, target, ownId, input, options);
    markRun(kind, target, report.outcome);
    showEnd(proxy, ownId, `${kind} of ${target}: **${report.outcome}**`);
    return report;
  } catch (error) {
    const outcome = outcomeOf(error, proxy);
    markRun(kind, target, outcome);
    const why = error instanceof ApplicationFailure ? ` ${error.type ?? ''}: ${error.message}` : '';
    showEnd(proxy, ownId, `${kind} of ${target}: **${outcome}**${why}`);
    throw error;
  } finally {
    // In a cancelled proxy run too: an update that came in is answered before the end.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

function setProxyHandlers(proxy: ProxyRun, kind: Kind, target: string, ownId: string): void {
  const forward =
    (update: UpdateName) =>
    (request: unknown): Promise<RunStatus> =>
      // Shielded: a cancelled proxy run still speaks for a run that is undoing or parked.
      CancellationScope.nonCancellable(async () => {
        await condition(() => proxy.runId !== '' || proxy.refusal !== undefined);
        if (proxy.refusal) throw proxy.refusal;
        const updateId = currentUpdateInfo()?.id ?? `${workflowInfo().runId}/${update}`;
        const call = { workflowId: ownId, runId: proxy.runId, update, request, updateId };
        // A refusal is the answer of an update: people read its own message, not that an activity failed.
        return callControl('forwardUpdate', call, `${update} → ${ownId}`).catch((error: unknown) => {
          throw toFailure(error, { final: true });
        });
      });
  setHandler(statusQuery, () => proxyStatus(kind, target, ownId, proxy.startedAt), {
    description: 'Names the run that does the work',
  });
  setHandler(pauseUpdate, forward('pause'), { description: descriptions.pause });
  setHandler(resumeUpdate, forward('resume'), { description: descriptions.resume });
  setHandler(abortUpdate, forward('abort'), { description: descriptions.abort });
  setHandler(preemptUpdate, forward('preempt'), { description: descriptions.preempt });
  const describe = ({ asked, parked }: Pick<Mirrored, 'asked' | 'parked'>): void => {
    setHandler(approveUpdate, forward('approve'), { description: describeApprove(asked) });
    setHandler(resolveUpdate, forward('resolve'), { description: describeResolve(parked) });
  };
  describe({});
  setHandler(mirrorSignal, (news) => {
    proxy.mirrored = true;
    setCurrentDetails(news.details);
    describe(news);
  });
}

/** How the run ended, on the page of its proxy run. */
function showEnd({ runId }: ProxyRun, ownId: string, how: string): void {
  const page = new DetailsPage();
  if (runId) page.must(carriedOutBy({ workflowId: ownId, runId }));
  page.gap();
  page.must(how);
  setCurrentDetails(page.toString());
}

/** The state in which the saved views list a proxy run whose run did not complete, or could not start. */
function outcomeOf(error: unknown, { refusal }: ProxyRun): Outcome {
  if (isCancellation(error)) return 'cancelled';
  if (refusal) return 'refused';
  const report =
    error instanceof ApplicationFailure ? (error.details?.[1] as Partial<RunReport> | undefined) : undefined;
  return report?.outcome ?? 'failed';
}

async function startAndWait(
  proxy: ProxyRun,
  kind: Kind,
  target: string,
  ownId: string,
  input: RunInput,
  options: RunOptions,
): Promise<RunReport> {
  for (let tries = options.emergency ? emergencyTries : 1; ; tries -= 1) {
    let child: ChildWorkflowHandle<Real>;
    try {
      child = await startReal(kind, target, ownId, input);
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        proxy.refusal = await unjustified(options);
        if (!proxy.refusal) {
          if (tries > 1 && (await tookOver(kind, ownId, input))) continue;
          proxy.refusal = await busy(kind, target, ownId);
        }
      } else {
        proxy.refusal = toFailure(error, { final: true });
        if (isCancellation(error)) throw error;
      }
      throw proxy.refusal;
    }
    proxy.runId = child.firstExecutionRunId;
    if (!proxy.mirrored) setCurrentDetails(carriedOutBy({ workflowId: ownId, runId: proxy.runId }));
    return await child.result().catch((error: unknown) => {
      throw ownFailure(error);
    });
  }
}

/** The failure of the real run is the proxy run's own: people read it, not that a child failed. */
function ownFailure(error: unknown): unknown {
  return error instanceof ChildWorkflowFailure && error.cause instanceof ApplicationFailure ? error.cause : error;
}

function startReal(kind: Kind, target: string, ownId: string, input: RunInput): Promise<ChildWorkflowHandle<Real>> {
  return startChild<Real>(workflowInfo().workflowType, {
    workflowId: ownId,
    args: [input],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `${kind} of ${target}`,
    memo: reportsToProxy,
  });
}

/** Why an emergency is none, if it isn't. */
async function unjustified({ emergency }: RunOptions): Promise<ApplicationFailure | undefined> {
  try {
    await emergency?.();
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return toFailure(error, { final: true });
  }
}

/** An emergency ends the holder of its lock, one of its own kind that is at work aside. */
async function tookOver(kind: Kind, ownId: string, input: RunInput): Promise<boolean> {
  const by = typeof input.requestedBy === 'string' && input.requestedBy ? input.requestedBy : workflowInfo().workflowId;
  const call = { workflowId: ownId, kind, by, graceMs: preemptGraceMs };
  const { how } = await callControl('preemptHolder', call, `take ${ownId} over`);
  return how !== 'refused';
}

async function busy(kind: string, target: string, ownId: string): Promise<ApplicationFailure> {
  const holder = await callControl('describeHolder', { workflowId: ownId }, `who holds ${ownId}`);
  const who = holderInWords(holder, 'a run that has just ended');
  const message = `${kind} of ${target} can't start: ${ownId} is held by ${who}`;
  return toFailure(new GantryError('RESOURCE_BUSY', message, { evidence: { holder: holder ?? null } }), {
    final: true,
  });
}

function proxyStatus(kind: string, target: string, ownId: string, startedAt: string): RunStatus {
  const { workflowId, runId } = workflowInfo();
  return {
    kind,
    target,
    workflowId,
    runId,
    proxyFor: ownId,
    dryRun: false,
    state: 'running',
    since: startedAt,
    startedAt,
    steps: [],
    pending: [],
    pastNoReturn: false,
    actions: [],
  };
}
