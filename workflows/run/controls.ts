import { CancellationScope, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import { troubleOf } from '../../src/errors/index.ts';
import type {
  AbortRequest,
  Parked,
  PauseRequest,
  PreemptRequest,
  ResolveRequest,
  ResumeRequest,
  RunState,
  RunStatus,
} from '../../src/runs/index.ts';
import { isClosed, statusQueryName, updateNames } from '../../src/runs/index.ts';
import type { Asked } from './approve.ts';
import { handleApprovals } from './approve.ts';
import { askedFor, describeApprove, describeResolve, descriptions } from './descriptions.ts';
import { recordAct } from './record-act.ts';
import { answerOnce, checkRequest, failure, reject } from './requests.ts';
import type { RunRecord } from './record.ts';

export const statusQuery = defineQuery<RunStatus>(statusQueryName);
export const pauseUpdate = defineUpdate<RunStatus, [PauseRequest]>(updateNames.pause);
export const resumeUpdate = defineUpdate<RunStatus, [ResumeRequest]>(updateNames.resume);
export const abortUpdate = defineUpdate<RunStatus, [AbortRequest]>(updateNames.abort);
export const resolveUpdate = defineUpdate<RunStatus, [ResolveRequest]>(updateNames.resolve);
export const preemptUpdate = defineUpdate<RunStatus, [PreemptRequest]>(updateNames.preempt);

const resolutions: readonly string[] = ['retry', 'skip', 'stop'] satisfies ResolveRequest['action'][];

/** What an operator decided about a parked run. */
export type Resolution = ResolveRequest & { proof?: string };

/** What has been asked of the run and is waiting for its next safe point. */
export type Controls = {
  /** Hashes of the plans that were approved: an approval counts for no other plan. */
  readonly approved: Set<string>;
  /** What is asked of approvers, or was asked of them last. */
  asked: Asked | undefined;
  pauseAsked: boolean;
  abortAsked: boolean;
  preempted: PreemptRequest | undefined;
  /** Set while the run crosses its point of no return: neither before nor past it. */
  crossing: boolean;
  resolution: Resolution | undefined;
  /** Looks whether the parked step is done, for `skip`; set while parked. */
  proveDone: (() => Promise<{ done: boolean; summary: string }>) | undefined;
};

/** Sets the handlers of the protocol; called before the run's first await, since an update without a handler is lost. */
export function openControls(runRecord: RunRecord): Controls {
  const controls: Controls = {
    approved: new Set(),
    asked: undefined,
    pauseAsked: false,
    abortAsked: false,
    preempted: undefined,
    crossing: false,
    resolution: undefined,
    proveDone: undefined,
  };
  setHandler(statusQuery, () => runRecord.status(), { description: descriptions.status });
  setHandler(
    pauseUpdate,
    (request) => {
      controls.pauseAsked = true;
      runRecord.pending.add('pause');
      runRecord.acted('pause', request);
      recordAct(runRecord, 'pause', request);
      return runRecord.answer();
    },
    {
      description: descriptions.pause,
      validator: (request) => {
        checkRequest(request);
        if (controls.pauseAsked) reject('WRONG_STATE', 'the run is paused, or will be at its next safe point');
        if (!['planning', 'awaiting-approval', 'running'].includes(runRecord.state))
          reject('WRONG_STATE', `a run that is ${runRecord.state} can't be paused`);
      },
    },
  );
  setHandler(
    resumeUpdate,
    (request) => {
      controls.pauseAsked = false;
      runRecord.pending.delete('pause');
      runRecord.acted('resume', request);
      recordAct(runRecord, 'resume', request);
      return answerOnce(runRecord, () => runRecord.state !== 'paused' || controls.pauseAsked);
    },
    {
      description: descriptions.resume,
      validator: (request) => {
        checkRequest(request);
        if (!controls.pauseAsked) reject('WRONG_STATE', `the run is ${runRecord.state}, not paused`);
      },
    },
  );
  setHandler(
    abortUpdate,
    (request) => {
      controls.abortAsked = true;
      runRecord.pending.add('abort');
      runRecord.acted('abort', request);
      recordAct(runRecord, 'abort', request);
      const { state } = runRecord;
      return answerOnce(runRecord, () => runRecord.state !== state || !standing.has(state));
    },
    {
      description: descriptions.abort,
      validator: (request) => {
        checkRequest(request);
        if (isClosed(runRecord.state) || runRecord.state === 'undoing' || controls.abortAsked)
          reject('WRONG_STATE', `the run is ${runRecord.state}`);
        if (controls.crossing) reject('PAST_NO_RETURN', 'the run is crossing its point of no return at this moment');
        if (runRecord.pastNoReturn) reject('PAST_NO_RETURN', whyNoReturn(runRecord));
        if (runRecord.parked && !runRecord.parked.options.includes('abort'))
          reject('WRONG_STATE', `the run is undoing: here it offers ${runRecord.parked.options.join(', ')}`);
      },
    },
  );
  setHandler(
    preemptUpdate,
    (request) => {
      controls.preempted = request;
      runRecord.pending.add('preempt');
      runRecord.acted(`preempt by ${request.kind}`, request);
      recordAct(runRecord, 'preempt', request);
      return runRecord.answer();
    },
    {
      description: descriptions.preempt,
      validator: (request) => {
        checkRequest(request);
        if (isClosed(runRecord.state) || controls.preempted) reject('WRONG_STATE', `the run is ${runRecord.state}`);
      },
    },
  );
  // What there is to paste is another thing in each state.
  const describe = (): void => {
    const status = runRecord.head();
    handleApprovals(runRecord, controls, describeApprove(askedFor(status)));
    handleResolutions(runRecord, controls, describeResolve(status.parked));
  };
  describe();
  runRecord.entered = describe;
  return controls;
}

function handleResolutions(runRecord: RunRecord, controls: Controls, description: string): void {
  // Shielded: in a cancelled run too, whoever resolves a park is answered.
  const resolveShielded = (request: ResolveRequest): Promise<RunStatus> =>
    CancellationScope.nonCancellable(() => resolve(runRecord, controls, request));
  setHandler(resolveUpdate, resolveShielded, {
    description,
    validator: (request: ResolveRequest) => {
      checkRequest(request);
      if (!runRecord.parked || controls.resolution) reject('WRONG_STATE', `the run is ${runRecord.state}, not parked`);
      else if (request.park !== runRecord.parked.id) reject('WRONG_STATE', anotherPark(request.park, runRecord.parked));
      else if (!resolutions.includes(request.action) || !runRecord.parked.options.includes(request.action)) {
        reject(
          'WRONG_STATE',
          `here the run offers ${runRecord.parked.options.join(', ')} (abort is an update of its own), not ${String(request.action)}`,
        );
      }
    },
  });
}

/** Skipping needs a proof: the step is inspected first, and refused unless it is done or the risk is accepted in words. */
async function resolve(runRecord: RunRecord, controls: Controls, request: ResolveRequest): Promise<RunStatus> {
  const { parked } = runRecord;
  let proof: string | undefined;
  if (request.action === 'skip') {
    const seen = await controls
      .proveDone?.()
      .catch((error: unknown) => ({ done: false, summary: `the inspection failed: ${inWords(error)}` }));
    if (runRecord.parked !== parked || controls.resolution)
      throw failure('WRONG_STATE', 'the run went on in the meantime');
    const risk = request.acceptedRisk?.trim();
    if (!seen?.done && !risk)
      throw failure('SKIP_REFUSED', `"${parked?.title}" is not shown to be done: ${seen?.summary ?? 'no inspection'}`);
    proof = seen?.done ? `inspected: ${seen.summary}` : `risk accepted by ${request.by}: ${risk}`;
  }
  controls.resolution = { ...request, ...(proof ? { proof } : {}) };
  runRecord.acted(request.action, { ...request, ...(proof ? { note: proof } : {}) });
  recordAct(runRecord, request.action, request);
  return answerOnce(
    runRecord,
    () => runRecord.parked !== parked && (runRecord.state !== 'parked' || runRecord.parked !== undefined),
  );
}

/** States that a decision ends at once: the run waits for nothing but that. */
const standing: ReadonlySet<RunState> = new Set(['awaiting-approval', 'paused', 'parked']);

function inWords(error: unknown): string {
  const { code, message } = troubleOf(error);
  return `${code}: ${message}`;
}

/** An update that was written for one park, or sent twice, must not decide about the next. */
function anotherPark(meant: string | undefined, { id, title }: Parked): string {
  const said = meant === undefined ? '`park` must say which park is meant' : `park ${meant} is over`;
  return `${said}; the run is parked at "${title}", park ${id}`;
}

/** Why going back is over, in words; a step's own summary says what happened. */
function whyNoReturn(runRecord: RunRecord): string {
  const crossed = runRecord.plan?.irreversible.join('; ');
  return `past the point of no return${crossed ? `: ${crossed}` : ''}`;
}
