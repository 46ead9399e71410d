import type { ApplicationFailure } from '@temporalio/common';
import { CancellationScope, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import { GantryError, toFailure } from '../../src/errors/index.ts';
import type { ErrorCode } from '../../src/errors/index.ts';
import type {
  AbortRequest,
  ApproveRequest,
  PauseRequest,
  PreemptRequest,
  ResolveRequest,
  ResumeRequest,
  RunStatus,
} from '../../src/runs/index.ts';
import { isClosed, statusQueryName, updateNames } from '../../src/runs/index.ts';
import type { RunBook } from './book.ts';

export const statusQuery = defineQuery<RunStatus>(statusQueryName);
export const approveUpdate = defineUpdate<RunStatus, [ApproveRequest]>(updateNames.approve);
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
  approved: boolean;
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
export function openControls(book: RunBook): Controls {
  const controls: Controls = {
    approved: false,
    pauseAsked: false,
    abortAsked: false,
    preempted: undefined,
    crossing: false,
    resolution: undefined,
    proveDone: undefined,
  };
  setHandler(statusQuery, () => book.status(), { description: 'State, plan, steps, and what the run waits for' });
  setHandler(
    approveUpdate,
    (request) => {
      controls.approved = true;
      book.acted('approve', { ...request, ...(request.note ? { note: request.note } : {}) });
      return book.status();
    },
    {
      description: 'Approve the plan: {"planHash":"…","by":"…"}',
      validator: (request: ApproveRequest) => {
        checkRequest(request);
        if (book.state !== 'awaiting-approval' || controls.approved)
          reject('APPROVAL_REJECTED', `the run is ${book.state}, it does not wait for an approval`);
        if (request.planHash !== book.plan?.hash)
          reject('APPROVAL_REJECTED', `the plan is ${book.plan?.hash}, not ${String(request.planHash)}`);
      },
    },
  );
  setHandler(
    pauseUpdate,
    (request) => {
      controls.pauseAsked = true;
      book.pending.add('pause');
      book.acted('pause', request);
      return book.status();
    },
    {
      description: 'Stand still at the next safe point: {"by":"…","reason":"…"}',
      validator: (request) => {
        checkRequest(request);
        if (controls.pauseAsked) reject('WRONG_STATE', 'the run is paused, or will be at its next safe point');
        if (!['planning', 'awaiting-approval', 'running'].includes(book.state))
          reject('WRONG_STATE', `a run that is ${book.state} can't be paused`);
      },
    },
  );
  setHandler(
    resumeUpdate,
    (request) => {
      controls.pauseAsked = false;
      book.pending.delete('pause');
      book.acted('resume', request);
      return book.status();
    },
    {
      description: 'Go on after a pause: {"by":"…"}',
      validator: (request) => {
        checkRequest(request);
        if (!controls.pauseAsked) reject('WRONG_STATE', `the run is ${book.state}, not paused`);
      },
    },
  );
  setHandler(
    abortUpdate,
    (request) => {
      controls.abortAsked = true;
      book.pending.add('abort');
      book.acted('abort', request);
      return book.status();
    },
    {
      description: 'Stop and undo what this run changed: {"by":"…","reason":"…"}',
      validator: (request) => {
        checkRequest(request);
        if (isClosed(book.state) || book.state === 'undoing' || controls.abortAsked)
          reject('WRONG_STATE', `the run is ${book.state}`);
        if (controls.crossing) reject('PAST_NO_RETURN', 'the run is crossing its point of no return at this moment');
        if (book.pastNoReturn) reject('PAST_NO_RETURN', whyNoReturn(book));
      },
    },
  );
  // Shielded: in a cancelled run too, whoever resolves a park is answered.
  const resolveShielded = (request: ResolveRequest): Promise<RunStatus> =>
    CancellationScope.nonCancellable(() => resolve(book, controls, request));
  setHandler(resolveUpdate, resolveShielded, {
    description: 'Parked: {"action":"retry|skip|stop","by":"…","reason":"…","acceptedRisk":"…"}',
    validator: (request: ResolveRequest) => {
      checkRequest(request);
      if (!book.parked || controls.resolution) reject('WRONG_STATE', `the run is ${book.state}, not parked`);
      else if (!resolutions.includes(request.action) || !book.parked.options.includes(request.action)) {
        reject(
          'WRONG_STATE',
          `here the run offers ${book.parked.options.join(', ')} (abort is an update of its own), not ${String(request.action)}`,
        );
      }
    },
  });
  setHandler(
    preemptUpdate,
    (request) => {
      controls.preempted = request;
      book.pending.add('preempt');
      book.acted(`preempt by ${request.kind}`, request);
      return book.status();
    },
    {
      description: 'An emergency takes the resource over: {"by":"…","kind":"…"}',
      validator: (request) => {
        checkRequest(request);
        if (isClosed(book.state) || controls.preempted) reject('WRONG_STATE', `the run is ${book.state}`);
      },
    },
  );
  return controls;
}

/** Skipping needs a proof: the step is inspected first, and refused unless it is done or the risk is accepted in words. */
async function resolve(book: RunBook, controls: Controls, request: ResolveRequest): Promise<RunStatus> {
  const { parked } = book;
  let proof: string | undefined;
  if (request.action === 'skip') {
    const seen = await controls
      .proveDone?.()
      .catch((error: unknown) => ({ done: false, summary: `inspection failed: ${String(error)}` }));
    if (book.parked !== parked || controls.resolution) throw failure('WRONG_STATE', 'the run went on in the meantime');
    const risk = request.acceptedRisk?.trim();
    if (!seen?.done && !risk)
      throw failure('SKIP_REFUSED', `the step is not done: ${seen?.summary ?? 'no inspection'}`);
    proof = seen?.done ? `inspected: ${seen.summary}` : `risk accepted by ${request.by}: ${risk}`;
  }
  controls.resolution = { ...request, ...(proof ? { proof } : {}) };
  book.acted(request.action, { ...request, ...(proof ? { note: proof } : {}) });
  return book.status();
}

/** Why going back is over, in words; a step's own summary says what happened. */
function whyNoReturn(book: RunBook): string {
  const crossed = book.plan?.irreversible.join('; ');
  return `past the point of no return${crossed ? `: ${crossed}` : ''}`;
}

const texts = ['reason', 'note', 'token', 'acceptedRisk', 'kind', 'planHash', 'action'] as const;

/** An update's argument comes from a text field of the UI: whatever it is, it is refused here or safe to work with. */
function checkRequest(request: unknown): void {
  if (typeof request !== 'object' || request === null) reject('INVALID_INPUT', 'the argument must be one JSON object');
  const fields = request as Record<string, unknown>;
  if (typeof fields['by'] !== 'string' || fields['by'].trim() === '') reject('INVALID_INPUT', '`by` must say who asks');
  for (const name of texts) {
    if (fields[name] !== undefined && typeof fields[name] !== 'string')
      reject('INVALID_INPUT', `\`${name}\` must be text`);
  }
}

function reject(code: ErrorCode, message: string): never {
  throw failure(code, message);
}

function failure(code: ErrorCode, message: string): ApplicationFailure {
  return toFailure(new GantryError(code, message), { final: true });
}
