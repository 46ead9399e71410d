import { condition } from '@temporalio/workflow';
import type { Plan } from '../../src/runs/index.ts';
import { approversNeeded } from '../../src/runs/index.ts';
import { iso } from './record.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import { Ending } from './ending.ts';
import { notify } from './notify.ts';
import { planAgain } from './plan-again.ts';
import { checkGates } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

/**
 * Waits for the approvals that the policy or the plan itself asks for. Where they must be signed, whoever asked for the run does
 * not count, and two are needed where it is not known who that was. One counts for the plan with its hash and for no other:
 * a second plan is asked for again. Since time has passed then, the gates are checked again and the plan is made again: another
 * plan than the approved one ends the run with nothing changed.
 */
export async function awaitApproval(context: RunContext, plan: Plan<unknown>): Promise<void> {
  const { runRecord, controls, policy } = context;
  const reasons = plan.needsApproval ?? [];
  const { signed = false } = policy.approval;
  const asked = Math.max(policy.approval.people, reasons.length > 0 ? 1 : 0);
  const people = approversNeeded(asked, signed, context.requester);
  if (people === 0) {
    runRecord.enter('running');
    return;
  }
  if (!controls.approved.has(plan.hash)) await ask(context, plan, people);
  throwIfInterrupted(context);
  await checkGates(context, 'after the approval');
  // By its hash, which is what was approved: a body may hand on a copy.
  const planned = context.plans.findLast((one) => one.plan.hash === plan.hash);
  const differs = planned && (await planAgain(context, planned));
  if (differs) throw new Ending('refused', differs);
  runRecord.enter('running');
}

async function ask(context: RunContext, plan: Plan<unknown>, needed: number): Promise<void> {
  const { runRecord, controls, policy } = context;
  const { expiresAfterMs } = policy.approval;
  const before = runRecord.state;
  const expiresAt = Date.now() + expiresAfterMs;
  const { hash } = plan;
  const { signed = false } = policy.approval;
  controls.asked = { hash, needed, signed, requester: context.requester, given: [], used: [], looked: 0 };
  runRecord.approval = { needed, expiresAt: iso(expiresAt), ...(signed ? { signed } : {}) };
  runRecord.enter('awaiting-approval');
  const reasons = plan.needsApproval ?? [];
  notify(
    context,
    'awaiting-approval',
    `${runRecord.kind} of ${runRecord.target} waits for approval of plan ${plan.hash}: ${[plan.title, ...reasons].join('; ')}`,
  );
  const decided = (): boolean => controls.approved.has(plan.hash) || interrupted(context);
  for (;;) {
    const left = expiresAt - Date.now();
    if (left <= 0 && !decided()) throw expired(expiresAfterMs, plan.hash);
    const slice = Math.min(left, policy.remindEveryMs);
    if (await condition(decided, slice, { summary: `approval of plan ${plan.hash}` })) break;
    if (Date.now() < expiresAt)
      notify(
        context,
        'reminder',
        `${runRecord.kind} of ${runRecord.target} still waits for approval of plan ${plan.hash}`,
      );
  }
  throwIfInterrupted(context);
  // It no longer waits: whoever approved is told so. What follows may still refuse the run.
  runRecord.enter(before);
}

function expired(afterMs: number, hash: string): Ending {
  const message = `plan ${hash} was not approved within ${Math.round(afterMs / 1000)} s`;
  return new Ending('refused', simpleTrouble('APPROVAL_EXPIRED', message, { hash, expiresAfterMs: afterMs }));
}
