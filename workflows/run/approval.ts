import { condition } from '@temporalio/workflow';
import type { Plan } from '../../src/runs/index.ts';
import { iso } from './book.ts';
import type { RunContext } from './context.ts';
import { interrupted, throwIfInterrupted } from './context.ts';
import { Ending } from './ending.ts';
import { notify } from './notify.ts';
import { checkGates } from './safe-point.ts';
import { simpleTrouble } from './trouble.ts';

/**
 * Waits for the approvals that the policy or the plan itself asks for, bound to the plan's hash. Since time has passed then, the gates are
 * checked again and the plan is made anew: another plan than the approved one ends the run with nothing changed.
 */
export async function awaitApproval(context: RunContext, plan: Plan<unknown>): Promise<void> {
  const { book, controls } = context;
  const { expiresAfterMs } = context.policy.approval;
  const reasons = plan.needsApproval ?? [];
  const people = Math.max(context.policy.approval.people, reasons.length > 0 ? 1 : 0);
  if (people === 0) {
    book.enter('running');
    return;
  }
  const expiresAt = Date.now() + expiresAfterMs;
  book.approval = { needed: people, expiresAt: iso(expiresAt) };
  book.enter('awaiting-approval');
  notify(
    context,
    'awaiting-approval',
    `${book.kind} of ${book.target} waits for approval of plan ${plan.hash}: ${[plan.title, ...reasons].join('; ')}`,
  );
  const decided = (): boolean => controls.approved || interrupted(context);
  for (;;) {
    const left = expiresAt - Date.now();
    if (left <= 0 && !decided()) throw expired(expiresAfterMs, plan.hash);
    const slice = Math.min(left, context.policy.remindEveryMs);
    if (await condition(decided, slice, { summary: `approval of plan ${plan.hash}` })) break;
    if (Date.now() < expiresAt)
      notify(context, 'reminder', `${book.kind} of ${book.target} still waits for approval of plan ${plan.hash}`);
  }
  throwIfInterrupted(context);
  await checkGates(context, 'after the approval');
  const now = await context.replan?.();
  if (now && now.hash !== plan.hash) throw changed(plan, now);
  book.enter('running');
}

function expired(afterMs: number, hash: string): Ending {
  const message = `nobody approved plan ${hash} within ${Math.round(afterMs / 1000)} s`;
  return new Ending('refused', simpleTrouble('APPROVAL_EXPIRED', message, { hash, expiresAfterMs: afterMs }));
}

function changed(approved: Plan<unknown>, now: Plan<unknown>): Ending {
  const message = `plan ${approved.hash} was approved, but the facts now give plan ${now.hash}: ${now.title}`;
  const evidence = { approved: approved.title, now: now.title, actions: now.actions.map((action) => action.what) };
  return new Ending('refused', simpleTrouble('PLAN_CHANGED', message, evidence));
}
