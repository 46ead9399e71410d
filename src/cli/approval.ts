import type { Client } from '@temporalio/client';
import { approve } from '../client/index.ts';
import { GantryError } from '../errors/index.ts';
import type { RunStatus } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { ask, canAsk, canvasOf } from './context.ts';
import { remark } from './output.ts';
import { clean } from './render/clean.ts';
import { planLines } from './render/plan.ts';

/** Shows the plan that is to be approved, beside the result. */
export function showPlan(context: CliContext, { plan }: RunStatus): void {
  if (plan) remark(context, planLines(clean(plan), canvasOf(context, context.err)));
}

/** Asks the person for the plan that was just shown; `yes` in full, so that Enter never approves. */
export async function askApproval(context: CliContext, status: RunStatus): Promise<boolean> {
  if (!canAsk(context)) return false;
  const answer = await ask(context, `Approve plan ${status.plan?.hash ?? ''}? Type yes: `);
  return answer.toLowerCase() === 'yes';
}

/**
 * Approves exactly the plan that `status` holds.
 * @throws GantryError WRONG_STATE when it holds none, else what the run refuses it with.
 */
export async function approveShown(
  client: Client,
  status: RunStatus,
  { by, note }: { by: string; note?: string },
): Promise<RunStatus> {
  const { workflowId, runId, state, plan } = status;
  if (!plan) throw new GantryError('WRONG_STATE', `${workflowId} is ${state} and has no plan to approve`);
  return approve(client, { workflowId, runId }, { planHash: plan.hash, by, ...(note === undefined ? {} : { note }) });
}
