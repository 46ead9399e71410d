import { CancellationScope, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import { toFailure } from '../../src/errors/index.ts';
import type { Approval, ApproveRequest, RunStatus } from '../../src/runs/index.ts';
import { updateNames } from '../../src/runs/index.ts';
import { callControl } from './call.ts';
import { recordAct } from './record-act.ts';
import type { RunRecord } from './record.ts';
import { answerOnce, checkRequest, failure, reject } from './requests.ts';

export const approveUpdate = defineUpdate<RunStatus, [ApproveRequest]>(updateNames.approve);

/** What is asked of approvers about one plan, and what has come of it. */
export type Asked = {
  readonly hash: string;
  /** How many people must approve. */
  readonly needed: number;
  /** Only a token of the API counts. */
  readonly signed: boolean;
  /** Who asked for the run, where that is known. */
  readonly requester: string | undefined;
  /** Who has approved. */
  readonly given: string[];
  /** The ids of the tokens that were taken. */
  readonly used: string[];
  /** How many signed approvals were looked at: each costs the history some events. */
  looked: number;
};

type ApprovalControls = { readonly approved: Set<string>; asked: Asked | undefined };

/** So many are looked at; a run that is sent more takes none, so that its history stays bounded. */
const mostLooked = 200;
const longest = { token: 4_096, planHash: 200, by: 500 } as const;

/** Sets the handler of `approve`. */
export function handleApprovals(runRecord: RunRecord, controls: ApprovalControls, description: string): void {
  const approve = (request: ApproveRequest): Promise<RunStatus> => {
    const { asked } = controls;
    // Shielded: in a cancelled run too, whoever approves is answered.
    if (asked?.signed)
      return CancellationScope.nonCancellable(() => approveSigned(runRecord, controls, asked, request));
    controls.approved.add(request.planHash);
    act(runRecord, request.planHash, request);
    return answerOnce(runRecord, () => runRecord.state !== 'awaiting-approval');
  };
  setHandler(approveUpdate, approve, {
    description,
    validator: (request: ApproveRequest) => {
      checkRequest(request);
      const { asked } = controls;
      if (runRecord.state !== 'awaiting-approval' || !asked || controls.approved.has(asked.hash))
        reject('APPROVAL_REJECTED', `the run is ${runRecord.state}, it does not wait for an approval`);
      // Whatever else is wrong with a signed one is refused by the handler, so that the history has it.
      else if (asked.signed) checkSize(request, asked);
      else if (request.planHash !== asked.hash)
        reject('APPROVAL_REJECTED', `the plan is ${asked.hash}, not ${String(request.planHash)}`);
    },
  });
}

/** The token is verified by an activity: keys and clocks are none of a workflow's business. */
async function approveSigned(
  runRecord: RunRecord,
  controls: ApprovalControls,
  asked: Asked,
  { planHash, by, token, note }: ApproveRequest,
): Promise<RunStatus> {
  asked.looked += 1;
  const { hash, requester, given, used } = asked;
  const { person, tokenId } = await verified(runRecord, asked, {
    ...{ planHash, by },
    ...(token === undefined ? {} : { token }),
    ...(requester === undefined ? {} : { requester }),
  });
  if (runRecord.state !== 'awaiting-approval' || controls.asked !== asked || controls.approved.has(hash))
    throw failure('APPROVAL_REJECTED', `the run is ${runRecord.state}, it no longer waits for this approval`);
  // Two requests with one token may have been verified at the same time.
  if (used.includes(tokenId)) throw failure('APPROVAL_TOKEN_USED', `this token of ${person} has been used`);
  used.push(tokenId);
  if (!given.includes(person)) {
    given.push(person);
    act(runRecord, hash, { by: person, ...(note ? { note } : {}) });
    if (runRecord.approval) runRecord.approval = { ...runRecord.approval, given: [...given] };
    runRecord.changed();
  }
  if (given.length < asked.needed) return runRecord.answer();
  controls.approved.add(hash);
  return answerOnce(runRecord, () => runRecord.state !== 'awaiting-approval');
}

async function verified(
  { kind, target }: RunRecord,
  { hash, used }: Asked,
  request: { planHash: string; by: string; token?: string; requester?: string },
): Promise<Approval> {
  const { namespace, workflowId, runId } = workflowInfo();
  const binding = { namespace, workflowId, runId, planHash: hash, verb: 'approve' } as const;
  try {
    const call = { binding, kind, target, used: [...used], ...request };
    return await callControl('verifyApproval', call, `approval by ${request.by}`);
  } catch (error) {
    throw toFailure(error, { final: true });
  }
}

function act(runRecord: RunRecord, planHash: string, request: { by: string; note?: string }): void {
  const { by, note } = request;
  runRecord.acted('approve', request);
  recordAct(runRecord, 'approve', { by, ...(note ? { reason: note } : {}) }, planHash);
}

function checkSize(request: ApproveRequest, { looked }: Asked): void {
  if (looked >= mostLooked) reject('APPROVAL_REJECTED', `this run has looked at ${looked} approvals and takes no more`);
  for (const field of ['token', 'planHash', 'by'] as const)
    if ((request[field]?.length ?? 0) > longest[field]) reject('INVALID_INPUT', `\`${field}\` is too long`);
}
